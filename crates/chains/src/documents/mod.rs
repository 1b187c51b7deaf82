//! Chains over documents, from `input_documents` to `output_text`.

mod analyze;
mod collapse;
mod map_reduce;
mod map_rerank;
mod reduce;
mod refine;
mod stuff;
mod writing;

pub use analyze::AnalyzeDocumentChain;
pub use collapse::{collapse_docs, split_list_of_docs};
pub use map_reduce::MapReduceDocumentsChain;
pub use map_rerank::MapRerankDocumentsChain;
pub use reduce::ReduceDocumentsChain;
pub use refine::RefineDocumentsChain;
pub use stuff::StuffDocumentsChain;
pub use writing::DocumentWriting;

use catena_core::{Data, Document, FromData, Record, Result};

use crate::Chain;
use crate::keys::{list, misbuilt};

/// The name of the documents input.
const INPUT: &str = "input_documents";
/// The name of the answer output.
const OUTPUT: &str = "output_text";
/// The name of the intermediate answers output.
const STEPS: &str = "intermediate_steps";

/// Removes the documents from the inputs and returns them.
fn take_documents(inputs: &mut Record) -> Result<Vec<Document>> {
    Vec::from_data(inputs.get_mut(INPUT).map(std::mem::take).unwrap_or_default())
}

/// Returns the inputs with these documents.
fn with_documents(mut inputs: Record, documents: Vec<Document>) -> Record {
    inputs.insert(INPUT, documents);
    inputs
}

/// Returns the variable of a chain that documents fill: the specified one, or the only one.
fn document_variable(chain: &Chain, said: Option<String>) -> Result<String> {
    let keys = chain.input_keys();
    let (name, has) = (&chain.name, list(keys));
    match (said, keys) {
        (Some(said), keys) if keys.contains(&said) => Ok(said),
        (Some(said), _) => {
            Err(misbuilt(format!("unknown document variable `{said}`: {name} has the variables {has}")))
        }
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(misbuilt(format!(
            "cannot infer the document variable of {name}, which has {has}: set it with `with_document_variable_name`"
        ))),
    }
}

/// Returns the inputs of a chain over documents: the documents, and the other inputs of this chain.
fn input_keys(chain: &Chain, filled: &[&str]) -> Vec<String> {
    let others = chain.free_keys().into_iter().filter(|key| !filled.contains(&key.as_str()));
    std::iter::once(INPUT.to_owned()).chain(others).collect()
}

/// Returns the values that are inputs of a chain.
fn asked_for(chain: &Chain, inputs: &Record) -> Record {
    let mut asked = crate::keys::only(inputs, chain.input_keys());
    if let Some(stop) = inputs.get("stop") {
        asked.insert("stop", Data::clone(stop));
    }
    asked
}
