//! Prompts, messages and chains as data that LangChain reads too, and back.
//!
//! [`dumps`] writes LangChain's envelopes, `{"lc": 1, "type": "constructor", "id": [..], "kwargs": {..}}`; [`loads`]
//! reads those of this crate and of LangChain for Python. What is code, such as a function, becomes an entry of the type
//! `not_implemented`, which cannot be loaded; secrets are written by name only. A record of the user's that looks like
//! an envelope is wrapped in `{"__lc_escaped__": ..}`, and comes back as the record that it was.
//!
//! What is loaded may say what models are asked and how: load only what you trust, or allow
//! [`Messages`](AllowedObjects::Messages) only.
//!
//! ```
//! use catena_core::load::{dumps, loads};
//! use catena_core::{vars, ChatPromptTemplate, Message};
//! let prompt = ChatPromptTemplate::new([("system", "You are {who}."), ("human", "{question}")])?;
//! let text = dumps(&prompt);
//! assert!(text.contains(r#""id":["langchain","prompts","chat","ChatPromptTemplate"]"#));
//!
//! let loaded: ChatPromptTemplate = loads(&text)?.try_into()?;
//! assert_eq!(loaded, prompt);
//! # Ok::<(), catena_core::Error>(())
//! ```

mod allowed;
mod class;
mod condition;
mod config;
mod constructor;
mod document;
mod dump;
mod kwargs;
mod loaded;
mod loader;
mod messages;
mod nesting;
mod prompt_classes;
mod runnable_classes;
mod serializable;

pub use allowed::AllowedObjects;
pub use constructor::Constructor;
pub use dump::{dumpd, dumps, dumps_pretty};
pub use kwargs::Kwargs;
pub use loaded::Loaded;
pub use loader::{Loader, load, loads};
pub use serializable::Serializable;

pub(crate) use config::config_data;
