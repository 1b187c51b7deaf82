//! Deserialization and serialization of [`Data`].

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use super::{Data, Record};
use crate::Chunk;

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::List(items) => items.serialize(serializer),
            Self::Record(record) => record.serialize(serializer),
            other => other.to_json().serialize(serializer),
        }
    }
}

/// Deserializes any JSON value, preserving the order of an object's members.
impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

/// Accepts values of any type.
struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_none<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        Data::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Data, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Data, E> {
        Ok(value.into())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Data::List(items))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut record = Record::new();
        while let Some((name, value)) = map.next_entry::<String, Data>()? {
            record.insert(name, value);
        }
        Ok(Data::Record(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_goes_in_and_comes_out_in_order() {
        let text = r#"{"z":0,"b":[1,2.5,"x",null,true],"a":{"y":-1,"x":{}}}"#;
        let data: Data = serde_json::from_str(text).expect("JSON");
        assert_eq!(serde_json::to_string(&data).expect("JSON"), text);
        assert_eq!(
            Data::from(json!({"a": {"x": {}, "y": -1}, "b": [1, 2.5, "x", null, true], "z": 0})),
            data
        );
    }

    #[test]
    fn numbers_are_read_to_the_last_bit() {
        for number in ["1.2345678901234569e+23", "8.3003330029e-10", "5e-324", "1.7976931348623157e+308"] {
            let data: Data = serde_json::from_str(number).expect("a number");
            assert_eq!(data, Data::from(number.parse::<f64>().expect("a number")));
        }
        let long: Data = serde_json::from_str("123456789012345678901230").expect("a number");
        assert_eq!(long, Data::from(1.2345678901234569e23));
    }
}
