//! Good inputs: what stands in the golden vectors.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use catena_fuzz_targets::Target;
use serde_json::Value;

/// Longer texts make slow inputs.
const LONGEST: usize = 20_000;

/// The texts of the target's vectors, its words, and JSON of the vectors where that is what it reads.
pub(crate) fn of(target: &Target) -> Vec<Vec<u8>> {
    let mut found: BTreeSet<Vec<u8>> = target.words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/vectors");
    for file in target.vectors {
        // A package without the vectors has its words.
        let Ok(text) = fs::read_to_string(folder.join(file)) else { continue };
        if let Ok(vectors) = serde_json::from_str::<Value>(&text) {
            gather(&vectors, "", &mut found);
        }
    }
    found.retain(|input| input.len() <= LONGEST);
    found.into_iter().collect()
}

fn gather(value: &Value, name: &str, found: &mut BTreeSet<Vec<u8>>) {
    match value {
        Value::String(text) => {
            let decoded = if name == "base64" { BASE64_STANDARD.decode(text).ok() } else { None };
            found.insert(decoded.unwrap_or_else(|| text.clone().into_bytes()));
        }
        Value::Array(items) => {
            items.iter().for_each(|item| gather(item, name, found));
            if name != "vectors" {
                found.insert(value.to_string().into_bytes());
            }
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| gather(member, name, found));
            found.insert(value.to_string().into_bytes());
        }
        _ => {}
    }
}
