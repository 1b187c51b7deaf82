#![doc = include_str!("../README.md")]

mod arguments;
mod derive_chunk;
mod derive_prompt;
mod format_spec;
mod nearest;
mod prompt_fields;
mod prompt_macro;
mod template;
mod tool_arguments;
mod tool_attribute;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// A prompt whose template is checked when it is compiled.
///
/// `prompt!("... {name} ...")` is a `PromptTemplate`, without a `Result`. The template is one of `PromptTemplate::new`,
/// with all of its formats.
///
/// `prompt!("... {name} ...", name = value)` is a `Result<PromptValue>`: the template filled at once. All variables are
/// given, each an `Into<Data>`; `name` alone is short for `name = name`. It fails only where a value does not suit
/// its format, such as a text in `{name:.2f}`. The template is parsed once, when this is reached first.
///
/// Written as `prompt!(crate = path, ...)` it finds catena there, and not under its own name.
///
/// # Errors
/// What is malformed, a variable without a value and a value without a variable do not compile.
///
/// # Example
/// ```
/// use catena::{RunnableExt, vars};
/// use catena_macros::prompt; // with the facade: `use catena::prompt;`
/// # futures_executor::block_on(async {
/// let prompt = prompt!("Tell me about {product} in {count} words.");
/// let filled = prompt.invoke(vars! { product: "socks", count: 5 }).await?;
/// assert_eq!(filled.to_string(), "Tell me about socks in 5 words.");
///
/// let count = 7;
/// let filled = prompt!("Tell me about {product} in {count:>3} words.", product = "tea", count)?;
/// assert_eq!(filled.to_string(), "Tell me about tea in   7 words.");
/// # Ok::<(), catena::Error>(()) }).unwrap();
/// ```
///
/// ```compile_fail
/// catena_macros::prompt!("Tell me about {product");
/// ```
#[proc_macro]
pub fn prompt(input: TokenStream) -> TokenStream {
    let expanded = finish(prompt_macro::expand(parse_macro_input!(input)));
    // Several errors are several statements, which an expression has only in a block.
    proc_macro::TokenTree::from(proc_macro::Group::new(proc_macro::Delimiter::Brace, expanded)).into()
}

/// Makes a struct the typed input of a prompt.
///
/// The template stands in `#[prompt("...")]` above the struct, and its variables are the struct's fields. For a struct
/// `Naming` there will be:
/// * `NamingTemplate`, the prompt: a `Prompt<Input = Naming>`, and so a `Runnable` with `|`;
/// * `Naming::prompt()`, which makes one;
/// * `Data: From<Naming>` and `Data: From<&Naming>`, so that it also fills prompts whose input is not typed;
/// * `Naming: Chunk`, of which the last piece counts.
///
/// The struct must be `Clone`.
///
/// # Fields
/// A field's type is `Clone + Into<Data>`: texts, numbers, booleans, `Option`s and `Vec`s of them, messages, and structs
/// with this derive. Texts and numbers are written where they are, without a copy. On a field may stand
/// * `#[prompt(display)]`: it is `Display`, and its text goes into the prompt;
/// * `#[prompt(skip)]`: it is no variable of the template.
///
/// # Options
/// Behind the template may stand
/// * `own_chunk`: `Chunk` is not implemented, because the struct derives or implements it itself;
/// * `crate = path`: where catena is, if not under its own name.
///
/// # Errors
/// What is malformed, a variable without a field and a field without a variable do not compile. Filling the prompt fails
/// only where a value does not suit its format, such as a text in `{name:.2f}`.
///
/// # Example
/// ```
/// use catena::{Prompt, RunnableExt, StrOutputParser, fakes::FakeLlm};
/// use catena_macros::Prompt;
///
/// #[derive(Prompt, Clone)]
/// #[prompt("What is a good name for a company that makes {product}, in {words} words?")]
/// struct Naming {
///     product: String,
///     words: u32,
/// }
///
/// # futures_executor::block_on(async {
/// let input = Naming { product: "socks".into(), words: 1 };
/// let text = Naming::prompt().format_prompt(&input)?.to_string();
/// assert_eq!(text, "What is a good name for a company that makes socks, in 1 words?");
///
/// let chain = Naming::prompt() | FakeLlm::new(["Toesie"]) | StrOutputParser;
/// assert_eq!(chain.invoke(input).await?, "Toesie");
/// # Ok::<(), catena::Error>(()) }).unwrap();
/// ```
///
/// ```compile_fail
/// #[derive(catena_macros::Prompt, Clone)]
/// #[prompt("What is a good name for a company that makes {product}?")]
/// struct Naming {
///     prodct: String,
/// }
/// ```
#[proc_macro_derive(Prompt, attributes(prompt))]
pub fn derive_prompt(input: TokenStream) -> TokenStream {
    finish(derive_prompt::expand(&parse_macro_input!(input)))
}

/// Makes a struct a `Chunk`: a value that may arrive in pieces.
///
/// Pieces merge field by field, so all fields are `Chunk`s. The empty piece is that of empty fields; there is none if a
/// field, such as a number, has none. As JSON the struct is an object; a struct of one unnamed field is that field, and
/// one of several is a list.
///
/// The type must be `Clone`; parameters of it must be `Chunk`s.
///
/// # Options
/// * `#[chunk(last)]` on a type, which may be an enum: the last piece counts, and fields need not be `Chunk`s. Observers
///   see `null`.
/// * `#[chunk(last)]` on a field: of this field the last one counts, and it need not be a `Chunk`. The struct has no
///   empty piece, and observers do not see the field.
/// * `#[chunk(crate = path)]` on a type: where catena is, if not under its own name.
///
/// # Example
/// ```
/// use catena::Chunk;
/// use catena_macros::Chunk;
///
/// #[derive(Chunk, Clone, Debug, PartialEq)]
/// struct Answer {
///     text: String,
///     sources: Vec<String>,
/// }
///
/// let mut answer = Answer { text: "So".into(), sources: vec![] };
/// answer.merge(Answer { text: "cks".into(), sources: vec!["a.txt".into()] });
/// assert_eq!(answer, Answer { text: "Socks".into(), sources: vec!["a.txt".into()] });
/// assert_eq!(answer.to_json().to_string(), r#"{"sources":["a.txt"],"text":"Socks"}"#);
/// assert_eq!(Answer::empty(), Some(Answer { text: String::new(), sources: vec![] }));
///
/// #[derive(Chunk, Clone, Debug, PartialEq)]
/// #[chunk(last)]
/// enum Verdict {
///     Undecided,
///     Good(u8),
/// }
///
/// let mut verdict = Verdict::Undecided;
/// verdict.merge(Verdict::Good(5));
/// assert_eq!(verdict, Verdict::Good(5));
/// ```
#[proc_macro_derive(Chunk, attributes(chunk))]
pub fn derive_chunk(input: TokenStream) -> TokenStream {
    finish(derive_chunk::expand(&parse_macro_input!(input)))
}

/// Makes a tool of a function: something that a model may call.
///
/// `fn add(a: i64, b: i64) -> i64` becomes `fn add() -> Tool`. Its doc comment, the whole of it, is what the model is told
/// that it does, and doc comments of parameters what they are. The parameters' types give the JSON Schema of the
/// arguments: `Deserialize + JsonSchema`; on a parameter may stand what serde and schemars take on a field, such as
/// `#[serde(default)]`.
///
/// The function may be `async`, and return a `ToolOutput`, a value that serde can write, one's own types included, or a
/// `Result` of these with any error. It needs the feature `schemars`.
///
/// # Parameters that the model does not see
/// * one of the type `Context` is the run of the call: any type whose last word is `Context` is taken for it, so import one
///   of your own under another name;
/// * one with `#[inject]` is the value of its name among the configurable values of the run:
///   `RunConfig::new().with_configurable("user", "ada")`.
///
/// A function that is not `async` runs where the tool is polled, and other tools of the same answer wait for it. What takes
/// long without waiting belongs on a thread of your executor, from an `async` function:
///
/// ```ignore
/// /// Counts the words of a file.
/// #[tool]
/// async fn count_words(path: String) -> std::io::Result<usize> {
///     tokio::task::spawn_blocking(move || Ok(std::fs::read_to_string(path)?.split_whitespace().count())).await?
/// }
/// ```
///
/// # Options
/// * `name = "..."` and `description = "..."` instead of those of the function;
/// * `return_direct`: in a loop, its output is the answer, unless other tools were called beside it or a call failed;
/// * `crate = path`: where catena is, if not under its own name.
///
/// # Errors
/// A tool without a description, parameters that are no names, references and generic functions do not compile.
///
/// # Example
/// ```
/// use catena::{Context, RunnableExt, ToolCall};
/// use catena_macros::tool; // with the facade: `use catena::tool;`
///
/// /// Adds two numbers.
/// #[tool]
/// fn add(
///     /// The first.
///     a: i64,
///     #[serde(default)] b: i64,
/// ) -> i64 {
///     a + b
/// }
///
/// # futures_executor::block_on(async {
/// assert_eq!(add().description(), "Adds two numbers.");
/// assert_eq!(add().parameters()["properties"]["a"]["description"], "The first.");
/// let message = add().invoke(ToolCall::new("add", [("a", 2), ("b", 3)])).await?;
/// assert_eq!(message.content.text(), "5");
/// # Ok::<(), catena::Error>(()) }).unwrap();
/// ```
///
/// ```compile_fail
/// #[catena_macros::tool]
/// fn nobody_knows_what_for(a: i64) -> i64 {
///     a
/// }
/// ```
#[proc_macro_attribute]
pub fn tool(options: TokenStream, function: TokenStream) -> TokenStream {
    let options = parse_macro_input!(options with tool_attribute::Options::parse);
    finish(tool_attribute::expand(&options, parse_macro_input!(function)))
}

fn finish(expanded: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expanded.unwrap_or_else(syn::Error::into_compile_error).into()
}
