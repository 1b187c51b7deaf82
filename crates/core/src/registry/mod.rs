//! Models by name: turns `openai:gpt-4o-mini` into a model.

mod configurable_model;
mod model_options;
mod model_registry;
mod wiped;

pub use configurable_model::ConfigurableModel;
pub use model_options::ModelOptions;
pub use model_registry::{ChatModel, ModelRegistry, TextModel};
