//! Chains over documents: `input_documents` in, `output_text` out.

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

/// The name of the documents among the inputs.
const INPUT: &str = "input_documents";
/// The name of the answer.
const OUTPUT: &str = "output_text";
/// The name of the answers on the way.
const STEPS: &str = "intermediate_steps";

/// Takes the documents out of the inputs.
fn take_documents(inputs: &mut Record) -> Result<Vec<Document>> {
    Vec::from_data(inputs.get_mut(INPUT).map(std::mem::take).unwrap_or_default())
}

/// The inputs with these documents.
fn with_documents(mut inputs: Record, documents: Vec<Document>) -> Record {
    inputs.insert(INPUT, documents);
    inputs
}

/// The variable of a chain that is filled with documents: the one it is said to be, or the only one there is.
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

/// The inputs of a chain over documents: them, and what else this chain asks for.
fn input_keys(chain: &Chain, filled: &[&str]) -> Vec<String> {
    let others = chain.free_keys().into_iter().filter(|key| !filled.contains(&key.as_str()));
    std::iter::once(INPUT.to_owned()).chain(others).collect()
}

/// The inputs that a chain asks for.
fn asked_for(chain: &Chain, inputs: &Record) -> Record {
    let mut asked = crate::keys::only(inputs, chain.input_keys());
    if let Some(stop) = inputs.get("stop") {
        asked.insert("stop", Data::clone(stop));
    }
    asked
}
