//! A chain of a prompt and a model.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catena_core::{
    ChunkStream, Context, Data, FromData, Outline, PromptTemplate, PromptValue, Result, Runnable,
    RunnableExt, RunnableParallel, StrOutputParser, impl_pipe, lambda,
};
use futures_util::{StreamExt, future};
use serde_json::Value;

use crate::asking::{self, Answer, Asking};
use crate::chain::apply_each;
use crate::chain_prompt::ChainPrompt;
use crate::keys::invalid;
use crate::{Chain, ChainOutput, Generation, Memory};

/// Fills a prompt, calls a model and returns its text.
///
/// It is a [`Runnable`] from [`Data`] to [`ChainOutput`]: `invoke` returns the text together with the inputs, `stream`
/// the model's tokens as they arrive, `batch` runs many inputs concurrently, and `|` passes the output on. `arun`
/// returns only the text. An input named `stop` is passed to the model as a call argument.
///
/// # Errors
/// Those of the prompt and the model, with the step in the path: `seq[1] > OpenAi`; those of the memory. As a
/// [`Chain`], it reports missing inputs itself.
///
/// # Cancellation
/// Dropping a future or stream cancels the model call; the call is not saved to memory.
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
#[derive(Clone)]
pub struct LlmChain {
    asking: Asking,
    pub(crate) chain: Chain,
}

impl LlmChain {
    /// Creates a chain of a text or chat prompt and a text completion or chat model.
    ///
    /// # Example
    /// ```
    /// use catena_chains::LlmChain;
    /// use catena_core::{fakes::FakeChatModel, ChatPromptTemplate};
    /// # futures_executor::block_on(async {
    /// let prompt = ChatPromptTemplate::new([("system", "Be brief."), ("human", "{question}")])?;
    /// let chain = LlmChain::new(FakeChatModel::new(["42"]), prompt);
    /// assert_eq!(chain.arun("Why?").await?, "42");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    pub fn new<M>(llm: M, prompt: impl ChainPrompt + 'static) -> Self
    where
        M: Runnable<Input = PromptValue> + 'static,
        M::Output: Into<String> + Into<Data>,
    {
        let input_keys = prompt.input_keys();
        let asking = Asking::new(Arc::new(prompt), llm);
        let mut chain = Chain::new(input_keys, ["text"], asking.clone()).with_name("LlmChain");
        (chain.checked, chain.asks) = (false, true);
        Self { asking, chain }
    }

    /// Creates a chain whose prompt is parsed from `template`.
    ///
    /// # Errors
    /// [`Template`](catena_core::ErrorKind::Template) when it is malformed.
    #[doc(alias = "from_string")]
    pub fn from_template<M>(llm: M, template: &str) -> Result<Self>
    where
        M: Runnable<Input = PromptValue> + 'static,
        M::Output: Into<String> + Into<Data>,
    {
        Ok(Self::new(llm, PromptTemplate::new(template)?))
    }

    /// Sets the name of the text in the output; `text` by default.
    #[must_use]
    pub fn with_output_key(mut self, output_key: impl Into<String>) -> Self {
        self.chain.output_keys = vec![output_key.into()];
        self
    }

    /// Loads values for the prompt from this memory, and saves every successful call. A bare value then fills the only
    /// variable that the memory does not. The items of a `batch` run concurrently: they do not see each other, and are
    /// saved as they finish. [`aapply`](Self::aapply) runs them in order.
    #[must_use]
    pub fn with_memory(mut self, memory: impl Memory + 'static) -> Self {
        self.chain = self.chain.with_memory(memory);
        self
    }

    /// Passes this argument to the model, as [`bind`](RunnableExt::bind) does.
    ///
    /// # Example
    /// ```
    /// use catena_chains::LlmChain;
    /// use catena_core::fakes::FakeLlm;
    /// let chain = LlmChain::from_template(FakeLlm::new(["A joke"]), "Joke about {topic}")?
    ///     .with_llm_argument("temperature", 0);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[must_use]
    #[doc(alias = "llm_kwargs")]
    pub fn with_llm_argument(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.asking = self.asking.with_argument(name.into(), value.into());
        self.chain.steps = self.asking.clone().boxed();
        self
    }

    pub(crate) fn prompt(&self) -> Arc<dyn ChainPrompt> {
        Arc::clone(&self.asking.prompt)
    }

    /// Returns the names of the inputs, including those filled from memory.
    pub fn input_keys(&self) -> &[String] {
        self.chain.input_keys()
    }

    /// Returns the name of the text in the output.
    pub fn output_key(&self) -> &str {
        self.chain.output_keys.first().map_or("text", String::as_str)
    }

    /// Parses the answers. The parser's output replaces the text, and streams as the parser does.
    ///
    /// Set the output key before calling this.
    ///
    /// # Example
    /// ```
    /// use catena_chains::LlmChain;
    /// use catena_core::{fakes::FakeLlm, vars, CommaSeparatedListOutputParser, Data};
    /// # futures_executor::block_on(async {
    /// let chain = LlmChain::from_template(FakeLlm::new(["tea, coffee"]), "Drinks from {place}?")?
    ///     .with_output_parser(CommaSeparatedListOutputParser);
    /// assert_eq!(chain.arun_value("Asia").await?, Data::from(vec!["tea", "coffee"]));
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn with_output_parser<P>(self, parser: P) -> Chain
    where
        P: Runnable + 'static,
        P::Input: FromData,
        P::Output: Into<Data>,
    {
        let key = self.output_key().to_owned();
        let output = RunnableParallel::new().with(&key, parser.dynamic());
        Chain { asks: true, ..self.with_answer_read_by(output, [key]) }
    }

    /// Adds an output `full_generation`: a list of the single [`Generation`], emitted once the answer is complete.
    #[must_use]
    #[doc(alias = "return_final_only")]
    pub fn with_full_generation(self) -> Chain {
        let key = self.output_key().to_owned();
        let whole = lambda(|answer: Data| vec![Data::from(Generation::new(answer))]);
        let outputs =
            RunnableParallel::new().with(&key, StrOutputParser.dynamic()).with(FULL, whole.with_name(FULL));
        Chain { asks: true, ..self.with_answer_read_by(outputs, [key, FULL.to_owned()]) }
    }

    /// Returns a chain with the outputs that a step derives from the model's answer.
    pub(crate) fn with_answer_read_by<R, K>(self, read: R, keys: impl IntoIterator<Item = K>) -> Chain
    where
        R: Runnable + 'static,
        R::Input: FromData,
        R::Output: Into<Data>,
        K: Into<String>,
    {
        let output_keys = keys.into_iter().map(Into::into).collect();
        let steps = self.asking.with_answer(Answer::Through(read.dynamic())).boxed();
        Chain { steps, output_keys, checked: true, asks: false, ..self.chain }
    }

    /// Runs with a bare value or with named values, and returns the text.
    #[doc(alias = "apredict")]
    pub async fn arun(&self, inputs: impl Into<Data>) -> Result<String> {
        self.invoke(inputs.into()).await.map(String::from)
    }

    /// Runs every input and returns the texts in the order of the inputs. Calls run concurrently; with a memory, they
    /// run one after another, so that each sees those before it. A [`Chain`], as returned by `with_output_parser`,
    /// returns [records](Chain::aapply) instead.
    ///
    /// # Errors
    /// Each input has its own result.
    pub async fn aapply<I: Into<Data>>(&self, inputs: impl IntoIterator<Item = I>) -> Vec<Result<String>> {
        let outputs = apply_each(self, self.chain.memory.is_some(), inputs).await;
        outputs.into_iter().map(|output| output.map(String::from)).collect()
    }

    /// Runs once and parses the text.
    ///
    /// # Errors
    /// Those of the chain and of the parser.
    pub async fn apredict_and_parse<P>(&self, inputs: impl Into<Data>, parser: &P) -> Result<P::Output>
    where
        P: Runnable,
        P::Input: From<String>,
    {
        parser.invoke(self.arun(inputs).await?).await
    }

    /// Runs every input, as [`aapply`](Self::aapply) does, and parses each text.
    ///
    /// # Errors
    /// Each input has its own result.
    pub async fn aapply_and_parse<I: Into<Data>, P>(
        &self,
        inputs: impl IntoIterator<Item = I>,
        parser: &P,
    ) -> Vec<Result<P::Output>>
    where
        P: Runnable,
        P::Input: From<String>,
    {
        let texts = self.aapply(inputs).await.into_iter();
        future::join_all(texts.map(async |text| parser.invoke(text?).await)).await
    }

    /// Returns the filled prompts for these inputs, and the stop sequences, which are common to all.
    ///
    /// # Errors
    /// [`MissingKey`](catena_core::ErrorKind::MissingKey) for a variable without a value; values from memory are not
    /// loaded. [`InvalidInput`](catena_core::ErrorKind::InvalidInput) when the inputs differ in their `stop`.
    #[doc(alias = "prep_prompts")]
    pub async fn aprep_prompts<I: Into<Data>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
    ) -> Result<(Vec<PromptValue>, Option<Data>)> {
        let inputs: Vec<Data> = inputs.into_iter().map(Into::into).collect();
        let stop = inputs.first().and_then(asking::stop).cloned();
        if let Some(index) = inputs.iter().position(|input| asking::stop(input) != stop.as_ref()) {
            return Err(invalid(format!(
                "input {index} has a different `stop` than the first: all inputs must share one"
            )));
        }
        let cx = Context::default();
        let prompts = inputs.into_iter().map(|input| self.asking.prompt.call(input, &cx));
        Ok((future::try_join_all(prompts).await?, stop))
    }

    /// Calls the model with every input, concurrently, and returns the complete answers in the order of the inputs. The
    /// memory is neither loaded nor saved.
    ///
    /// # Errors
    /// Those of [`aprep_prompts`](Self::aprep_prompts), before the model is called; the first error of the model, which
    /// cancels the other calls.
    pub async fn agenerate<I: Into<Data>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
    ) -> Result<Vec<Generation>> {
        let inputs: Vec<Data> = inputs.into_iter().map(Into::into).collect();
        self.aprep_prompts(inputs.iter().cloned()).await?;
        let asking = self.asking.clone().with_answer(Answer::Whole);
        Ok(asking.try_batch(inputs).await?.into_iter().map(Generation::new).collect())
    }
}

/// The name of the output with the complete answer.
const FULL: &str = "full_generation";

/// The resulting chain checks its inputs before anything runs.
impl From<LlmChain> for Chain {
    fn from(chain: LlmChain) -> Self {
        Self { checked: true, ..chain.chain }
    }
}

impl fmt::Debug for LlmChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LlmChain").field(&self.chain).finish()
    }
}

#[async_trait]
impl Runnable for LlmChain {
    type Input = Data;
    type Output = ChainOutput;

    async fn call(&self, inputs: Data, cx: &Context) -> Result<ChainOutput> {
        let output = self.chain.call(inputs, cx).await?;
        Ok(ChainOutput::from_record(output, self.output_key()))
    }

    fn transform<'a>(&'a self, inputs: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, ChainOutput> {
        let output = self.chain.transform(inputs, cx);
        output.map(|chunk| Ok(ChainOutput::from_record(chunk?, self.output_key()))).boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        self.chain.name()
    }

    fn outline(&self) -> Outline {
        self.chain.outline()
    }
}

impl_pipe!(LlmChain);

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::fakes::FakeLlm;
    use catena_core::{ErrorKind, StrOutputParser, gather, lambda, vars};
    use futures_executor::block_on;

    fn chain() -> LlmChain {
        LlmChain::from_template(FakeLlm::new(["Bright Smile Co."]), "A name for {product}?")
            .expect("a good template")
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
        let slogan =
            PromptTemplate::new("A slogan for {text}, makers of {product}.").expect("a good template");
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
        let error = block_on(Chain::from(chain()).arun(vars! { produkt: "x" })).expect_err("it is missing");
        assert_eq!(error.kind(), ErrorKind::MissingKey);
        assert!(error.to_string().contains("missing input `product` of LlmChain"), "{error}");
    }
}
