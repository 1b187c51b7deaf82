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

/// Creates a prompt whose template is checked at compile time.
///
/// `prompt!("... {name} ...")` is a `PromptTemplate`, without a `Result`. The template has the syntax of
/// `PromptTemplate::new`, including all its formats.
///
/// `prompt!("... {name} ...", name = value)` is a `Result<PromptValue>`: the filled template. Every variable must have
/// a value that is `Into<Data>`; `name` alone is short for `name = name`. It fails only if a value does not fit its
/// format, such as a text in `{name:.2f}`. The template is parsed once, on first use.
///
/// `prompt!(crate = path, ...)` specifies the path to catena, if it is not available under its own name.
///
/// # Errors
/// Syntax errors in the template, variables without a value and values without a variable are compile errors.
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
    // Several errors expand to several statements, which need a block to be an expression.
    proc_macro::TokenTree::from(proc_macro::Group::new(proc_macro::Delimiter::Brace, expanded)).into()
}

/// Makes a struct the typed input of a prompt.
///
/// The template is given as `#[prompt("...")]` on the struct, and its variables are the struct's fields. For a struct
/// `Naming`, this generates:
/// * `NamingTemplate`, the prompt: a `Prompt<Input = Naming>`, and thus a `Runnable` that composes with `|`;
/// * `Naming::prompt()`, which creates one;
/// * `Data: From<Naming>` and `Data: From<&Naming>`, so that it can also fill untyped prompts;
/// * `Naming: Chunk`, with which merging keeps the last value.
///
/// The struct must be `Clone`.
///
/// # Fields
/// The type of a field is `Clone + Into<Data>`: texts, numbers, booleans, `Option`s and `Vec`s of them, messages, and
/// structs with this derive. Texts and numbers are formatted without being copied. A field can have these attributes:
/// * `#[prompt(display)]`: the field is inserted through its `Display` implementation;
/// * `#[prompt(skip)]`: the field is not a variable of the template.
///
/// # Options
/// After the template, these are allowed:
/// * `own_chunk`: `Chunk` is not implemented, because the struct derives or implements it itself;
/// * `crate = path`: the path to catena, if it is not available under its own name.
///
/// # Errors
/// Syntax errors in the template, variables without a field and fields without a variable are compile errors. Filling
/// the prompt fails only if a value does not fit its format, such as a text in `{name:.2f}`.
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

/// Implements `Chunk` for a struct: a value that may be streamed in chunks.
///
/// Chunks are merged field by field, so all fields must be `Chunk`s. The empty chunk consists of empty fields; there is
/// none if a field, such as a number, has no empty value. In JSON, the struct is an object, a struct with one unnamed
/// field is that field, and one with several unnamed fields is a list.
///
/// The type must be `Clone`, and its type parameters must be `Chunk`s.
///
/// # Options
/// * `#[chunk(last)]` on a type, which may be an enum: merging keeps the last value, and the fields need not be
///   `Chunk`s. Observers see `null`.
/// * `#[chunk(last)]` on a field: merging keeps its last value, and it need not be a `Chunk`. The struct then has no
///   empty chunk, and observers do not see the field.
/// * `#[chunk(crate = path)]` on a type: the path to catena, if it is not available under its own name.
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

/// Turns a function into a tool that a model can call.
///
/// `fn add(a: i64, b: i64) -> i64` becomes `fn add() -> Tool`. Its complete doc comment is the description of the tool
/// for the model, and the doc comments of parameters are their descriptions. The JSON Schema of the arguments is
/// derived from the parameters' types, which must be `Deserialize + JsonSchema`; the field attributes of serde and
/// schemars are allowed on parameters, such as `#[serde(default)]`.
///
/// The function may be `async`. It may return a `ToolOutput`, any serializable value, or a `Result` of these with any
/// error type. The macro requires the `schemars` feature.
///
/// # Parameters hidden from the model
/// * A parameter of type `Context` receives the context of the call. Calls of a model or a chain with
///   `invoke_in(input, &cx)` are part of the caller's run; a plain `invoke` is a run of its own, which the caller's
///   observers do not see and to which the caller's configurable values, concurrency limit and budgets do not apply.
///   Any type whose last path segment is `Context` is taken for it, so import a type of your own with that name under
///   another one.
/// * A parameter with `#[inject]` receives the value of the same name among the configurable values of the run:
///   `RunConfig::new().with_configurable("user", "ada")`. A missing or mistyped value ends the run with a `Config`
///   error, of which the model is not told.
///
/// A function captures nothing. A tool that needs state, such as a connection pool, is a closure with clones of it: see
/// `Tool::from_function`.
///
/// A function that is not `async` runs where the tool is polled and blocks the other tool calls of the same answer.
/// Move long-running work without await points to a thread of your executor, from an `async` function:
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
/// * `name = "..."` and `description = "..."` replace those of the function.
/// * `return_direct`: in an agent loop, the output of the tool is the final answer, unless other tools were called
///   alongside it or a call failed.
/// * `crate = path`: the path to catena, if it is not available under its own name.
///
/// # Errors
/// A missing description, parameters that are patterns, references and generic functions are compile errors.
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
