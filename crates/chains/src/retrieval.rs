//! Runnables over documents and retrievers.

use catena_core::{
    BoxRunnable, Data, Document, FromData, PromptValue, Record, Result, RunConfig, Runnable, RunnableAssign,
    RunnableBranch, RunnableExt, RunnableParallel, StrOutputParser, lambda,
};

use crate::keys::{list, misbuilt, missing};
use crate::{ChainPrompt, DocumentWriting};

/// The name of the documents in a prompt.
const CONTEXT: &str = "context";

/// Creates a chain that inserts the documents in its input, under `context`, into a prompt, and streams the model's
/// answer.
///
/// # Errors
/// [`Config`](catena_core::ErrorKind::Config) when the prompt has no variable `context`.
///
/// # Example
/// ```
/// use catena_chains::create_stuff_documents_chain;
/// use catena_core::{fakes::FakeChatModel, vars, Document, PromptTemplate, RunnableExt};
/// # futures_executor::block_on(async {
/// let model = FakeChatModel::new(["Both are warm."]);
/// let prompt = PromptTemplate::new("{question}\n\n{context}")?;
/// let chain = create_stuff_documents_chain(model.clone(), prompt)?;
/// let documents: Vec<Document> = vec!["tea".into(), "socks".into()];
/// assert_eq!(chain.invoke(vars! { context: documents, question: "How?" }).await?, "Both are warm.");
/// assert_eq!(model.prompts()[0].to_string(), "How?\n\ntea\n\nsocks");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub fn create_stuff_documents_chain<M>(
    llm: M,
    prompt: impl ChainPrompt + 'static,
) -> Result<BoxRunnable<Data, String>>
where
    M: Runnable<Input = PromptValue> + 'static,
    M::Output: Into<String>,
{
    create_stuff_documents_chain_with(llm, prompt, CONTEXT, DocumentWriting::new())
}

/// Like [`create_stuff_documents_chain`], with another name for the documents and custom formatting.
///
/// # Errors
/// [`Config`](catena_core::ErrorKind::Config) when the prompt has no variable of this name.
pub fn create_stuff_documents_chain_with<M>(
    llm: M,
    prompt: impl ChainPrompt + 'static,
    document_variable_name: &str,
    writing: DocumentWriting,
) -> Result<BoxRunnable<Data, String>>
where
    M: Runnable<Input = PromptValue> + 'static,
    M::Output: Into<String>,
{
    require(&prompt, document_variable_name)?;
    let name = document_variable_name.to_owned();
    let write = lambda(move |input: Data| {
        let documents = input.get(&name).cloned();
        let documents =
            documents.ok_or_else(|| missing(format!("missing documents under `{name}` in the input")));
        writing.write(&Vec::<Document>::from_data(documents?)?)
    });
    let format = RunnableParallel::new().with(document_variable_name, write.with_name("format_docs"));
    let format = RunnableAssign::new(format).with_config(RunConfig::new().with_name("format_inputs"));
    let chain = format.pipe(prompt).pipe(llm).pipe(StrOutputParser);
    Ok(chain.with_config(RunConfig::new().with_name("stuff_documents_chain")).boxed())
}

/// Creates a chain that retrieves documents and answers with them: it returns its input with the documents under
/// `context` and the output of `combine` under `answer`.
///
/// A retriever is a runnable that returns documents. It receives the whole input if it takes a record, as a
/// history-aware retriever does, and the value under `input` otherwise. The documents are emitted as soon as they are
/// found, and the answer streams.
///
/// # Example
/// ```
/// use catena_chains::{create_retrieval_chain, create_stuff_documents_chain};
/// use catena_core::{fakes::FakeChatModel, lambda, vars, Document, PromptTemplate, RunnableExt};
/// # futures_executor::block_on(async {
/// let retriever = lambda(|question: String| vec![Document::new(format!("a page on {question}"))]);
/// let prompt = PromptTemplate::new("{input}? {context}")?;
/// let model = FakeChatModel::new(["A drink."]);
/// let chain = create_retrieval_chain(retriever, create_stuff_documents_chain(model.clone(), prompt)?);
/// let output = chain.invoke(vars! { input: "tea" }).await?;
/// assert_eq!(output.get("answer"), Some(&"A drink.".into()));
/// assert_eq!(model.prompts()[0].to_string(), "tea? a page on tea");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub fn create_retrieval_chain<R, C>(retriever: R, combine: C) -> BoxRunnable<Data, Data>
where
    R: Runnable<Output = Vec<Document>> + 'static,
    R::Input: FromData,
    C: Runnable<Input = Data> + 'static,
    C::Output: Into<Data>,
{
    let retrieve = asked::<R>().pipe(retriever);
    let retrieve = retrieve.with_config(RunConfig::new().with_name("retrieve_documents"));
    let found = RunnableAssign::new(RunnableParallel::new().with(CONTEXT, retrieve));
    let chain = found.assign("answer", combine);
    chain.with_config(RunConfig::new().with_name("retrieval_chain")).boxed()
}

/// Creates a retriever that takes the conversation into account: if the input has a `chat_history`, the model is asked
/// with `prompt` for a search query; otherwise the `input` is the query.
///
/// # Errors
/// [`Config`](catena_core::ErrorKind::Config) when the prompt has no variable `input`.
///
/// # Example
/// ```
/// use catena_chains::create_history_aware_retriever;
/// use catena_core::{fakes::FakeChatModel, lambda, vars, Document, PromptTemplate, RunnableExt};
/// # futures_executor::block_on(async {
/// let retriever = lambda(|question: String| vec![Document::new(question)]);
/// let prompt = PromptTemplate::new("{chat_history} What does this ask for: {input}")?;
/// let retriever = create_history_aware_retriever(FakeChatModel::new(["green tea"]), retriever, prompt)?;
/// assert_eq!(retriever.invoke(vars! { input: "tea" }).await?, ["tea".into()]);
/// let asked = vars! { chat_history: "We spoke of tea.", input: "And green?" };
/// assert_eq!(retriever.invoke(asked).await?, ["green tea".into()]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub fn create_history_aware_retriever<M, R>(
    llm: M,
    retriever: R,
    prompt: impl ChainPrompt + 'static,
) -> Result<BoxRunnable<Data, Vec<Document>>>
where
    M: Runnable<Input = PromptValue> + 'static,
    M::Output: Into<String>,
    R: Runnable<Input = String, Output = Vec<Document>> + 'static,
{
    require(&prompt, "input")?;
    let retriever = retriever.boxed();
    let alone = lambda(|input: Data| match input.get("chat_history") {
        None | Some(Data::Null) => true,
        Some(Data::Text(text)) => text.is_empty(),
        Some(Data::List(messages)) => messages.is_empty(),
        Some(_) => false,
    });
    let reworded = prompt.pipe(llm).pipe(StrOutputParser).pipe(retriever.clone());
    let chain = RunnableBranch::new(reworded)
        .with(alone, lambda(question::<String>).with_name("input").pipe(retriever));
    Ok(chain.with_config(RunConfig::new().with_name("chat_retriever_chain")).boxed())
}

/// Converts the input to what the retriever takes.
fn asked<R: Runnable<Input: FromData> + 'static>() -> BoxRunnable<Data, R::Input> {
    let asked = |input: Data| match input.as_record() {
        Some(_) => R::Input::from_data(input.clone()).or_else(|_| question(input)),
        None => R::Input::from_data(input),
    };
    lambda(asked).with_name("input").boxed()
}

/// Returns the value under `input`.
fn question<T: FromData>(input: Data) -> Result<T> {
    let present = || list(input.as_record().map(Record::names).into_iter().flatten());
    match input.get("input") {
        Some(question) => T::from_data(question.clone()),
        None => Err(missing(format!("missing `input` to search for, the input has {}", present()))),
    }
}

fn require(prompt: &impl ChainPrompt, name: &str) -> Result<()> {
    let has = prompt.input_keys();
    if has.iter().any(|key| key == name) {
        return Ok(());
    }
    Err(misbuilt(format!("missing variable `{name}` in the prompt, which has {}", list(has))))
}
