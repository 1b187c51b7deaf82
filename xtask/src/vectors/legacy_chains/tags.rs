//! Documents as vectors write them.

use catena::{Data, Document, FromData, Record, Result};

use super::super::tagged;

/// The value that tagged JSON stands for, documents as their records.
pub(super) fn decode(data: &Data) -> Data {
    untag(tagged::decode(data))
}

fn untag(data: Data) -> Data {
    match data {
        Data::List(items) => Data::List(items.into_iter().map(untag).collect()),
        Data::Record(record) => match record.get("$document") {
            Some(document) if record.len() == 1 => document.clone(),
            _ => record.into_iter().map(|(name, value)| (name, untag(value))).collect::<Record>().into(),
        },
        other => other,
    }
}

/// Documents as vectors write them, wherever they are in a value.
pub(super) fn encode(data: Data) -> Data {
    match data.into_plain() {
        Data::List(items) => Data::List(items.into_iter().map(encode).collect()),
        Data::Record(record) if is_document(&record) => Data::from([("$document", Data::from(record))]),
        Data::Record(record) => {
            record.into_iter().map(|(name, value)| (name, encode(value))).collect::<Record>().into()
        }
        other => other,
    }
}

fn is_document(record: &Record) -> bool {
    record.len() == 2 && record.contains("page_content") && record.contains("metadata")
}

/// The documents of a field.
pub(super) fn documents(data: &Data) -> Result<Vec<Document>> {
    Vec::from_data(decode(data))
}
