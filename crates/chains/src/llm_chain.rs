//! A prompt, a model and a parser in one.

use std::borrow::Cow;

use async_trait::async_trait;
use catena_core::{
    BoxRunnable, ChunkStream, Context, Data, PromptTemplate, PromptValue, Record, Result, Runnable, RunnableExt, StrOutputParser,
    impl_pipe,
};
use futures_util::{StreamExt, stream};

use crate::ChainOutput;

/// Fills a prompt, asks a model and gives its text.
///
/// It is a [`Runnable`] from [`Data`] to [`ChainOutput`]: `invoke` gives the text beside the inputs, `stream` gives
/// the model's tokens as they come, `batch` runs many inputs at once, and `|` pipes the output on. `arun` gives the
/// text alone.
///
/// # Errors
/// Those of the prompt and the model, with the step in the path: `seq[1] > OpenAi`.
///
/// # Cancellation
/// Dropping a future or stream ends the model call.
///
/// # Example
/// ```
/// use catena_chains::LlmChain;
/// use catena_core::{fakes::FakeLlm, PromptTemplate, RunnableExt};
/// # futures_executor::block_on(async {
/// let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
/// let chain = LlmChain::new(FakeLlm::new(["BrushWise", "Colorful Socks"]), prompt);
///
/// assert_eq!(chain.arun("toothpaste").await?, "BrushWise");
/// assert_eq!(chain.arun([("product", "socks")]).await?, "Colorful Socks");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "LLMChain")]
#[derive(Debug, Clone)]
pub struct LlmChain {
    /// prompt | model | text
    steps: BoxRunnable<Data, String>,
    prompt: PromptTemplate,
    output_key: String,
}

impl LlmChain {
    /// A chain that asks `llm`, a chat or a text model, with `prompt`.
    pub fn new<M>(llm: M, prompt: PromptTemplate) -> Self
    where
        M: Runnable<Input = PromptValue> + 'static,
        M::Output: Into<String>,
    {
        let steps = (prompt.clone() | llm | StrOutputParser).boxed();
        Self { steps, prompt, output_key: "text".to_owned() }
    }

    /// A chain whose prompt is parsed from `template`.
    ///
    /// # Errors
    /// [`Template`](catena_core::ErrorKind::Template) when it is malformed.
    pub fn from_template<M>(llm: M, template: &str) -> Result<Self>
    where
        M: Runnable<Input = PromptValue> + 'static,
        M::Output: Into<String>,
    {
        Ok(Self::new(llm, PromptTemplate::new(template)?))
    }

    /// Names the text in the output; `text` unless set.
    #[must_use]
    pub fn with_output_key(mut self, output_key: impl Into<String>) -> Self {
        self.output_key = output_key.into();
        self
    }

    /// The names of the inputs.
    pub fn input_keys(&self) -> &[String] {
        self.prompt.variables()
    }

    /// Runs with one bare value or with named values, and gives the text.
    pub async fn arun(&self, inputs: impl Into<Data>) -> Result<String> {
        self.invoke(inputs.into()).await.map(String::from)
    }

    /// Runs every input, concurrently, and gives the texts in the order of the inputs.
    ///
    /// # Errors
    /// Each input has a result of its own.
    pub async fn aapply<I: Into<Data>>(&self, inputs: impl IntoIterator<Item = I>) -> Vec<Result<String>> {
        let inputs: Vec<Data> = inputs.into_iter().map(Into::into).collect();
        self.batch(inputs).await.into_iter().map(|output| output.map(String::from)).collect()
    }

    /// A chunk of output without text: the inputs, a bare one under the name of the prompt's variable.
    fn inputs(&self, vars: &Data) -> ChainOutput {
        let inputs = match (vars, self.input_keys()) {
            (Data::Record(record), _) => record.clone(),
            (value, [name]) => Record::from_iter([(name.clone(), value.clone())]),
            // The prompt reports a bare value that it cannot place.
            _ => Record::new(),
        };
        ChainOutput { inputs, text: String::new(), output_key: self.output_key.clone() }
    }

    fn piece(&self, text: String) -> ChainOutput {
        ChainOutput { inputs: Record::new(), text, output_key: self.output_key.clone() }
    }
}

#[async_trait]
impl Runnable for LlmChain {
    type Input = Data;
    type Output = ChainOutput;

    async fn call(&self, vars: Data, cx: &Context) -> Result<ChainOutput> {
        let output = self.inputs(&vars);
        let text = self.steps.call(vars, cx).await?;
        Ok(ChainOutput { text, ..output })
    }

    fn transform<'a>(&'a self, vars: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, ChainOutput> {
        let output = async move {
            let vars = match catena_core::gather(vars).await {
                Ok(Some(vars)) => vars,
                Ok(None) => return stream::empty().boxed(),
                Err(error) => return stream::iter([Err(error)]).boxed(),
            };
            let mut first = Some(self.inputs(&vars));
            let text = self.steps.transform(stream::iter([Ok(vars)]).boxed(), cx);
            text.map(move |text| {
                let text = text?;
                Ok(match first.take() {
                    Some(first) => ChainOutput { text, ..first },
                    None => self.piece(text),
                })
            })
            .boxed()
        };
        stream::once(output).flatten().boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("LlmChain")
    }
}

impl_pipe!(LlmChain);

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::fakes::FakeLlm;
    use catena_core::{ErrorKind, gather, lambda, vars};
    use futures_executor::block_on;

    fn chain() -> LlmChain {
        LlmChain::from_template(FakeLlm::new(["Bright Smile Co."]), "A name for {product}?").expect("a good template")
    }

    #[test]
    fn streams_tokens_that_add_up_to_invoke() {
        let chain = chain();
        let chunks: Vec<ChainOutput> =
            block_on(chain.stream("toothpaste").map(|chunk| chunk.expect("a chunk")).collect());
        let texts: Vec<&str> = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
        assert_eq!(texts, ["Bright ", "Smile ", "Co."]);
        let whole = block_on(gather(chain.stream("toothpaste"))).expect("no error");
        assert_eq!(whole, Some(block_on(chain.invoke("toothpaste")).expect("no error")));
    }

    #[test]
    fn pipes_into_the_next_prompt_and_parser() {
        let slogan = PromptTemplate::new("A slogan for {text}, makers of {product}.").expect("a good template");
        let whole = chain() | slogan | lambda(|prompt: PromptValue| prompt.into_text());
        let text = block_on(whole.invoke("toothpaste")).expect("no error");
        assert_eq!(text, "A slogan for Bright Smile Co., makers of toothpaste.");
        let text = chain() | StrOutputParser;
        assert_eq!(block_on(text.invoke("toothpaste")).expect("no error"), "Bright Smile Co.");
    }

    #[test]
    fn a_missing_variable_names_itself_and_its_step() {
        let error = block_on(chain().arun(vars! { produkt: "x" })).expect_err("`product` is missing");
        assert_eq!(error.kind(), ErrorKind::MissingKey);
        let text = error.to_string();
        assert!(text.starts_with("seq[0] > PromptTemplate: missing variable `product`"), "{text}");
    }
}
