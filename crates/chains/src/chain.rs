//! The common part of all chains: named inputs and outputs around some steps, and a memory.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catena_core::{
    ChunkStream, Context, Data, DynRunnable, FromData, Json, Outline, Record, Result, Runnable, RunnableExt,
    RunnablePick, gather, impl_pipe,
};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::Memory;
use crate::call::{Prepared, finishing};
use crate::keys::{invalid, list, misbuilt, missing, only, text_of, without};

/// A chain: steps with named inputs and outputs.
///
/// It returns its inputs together with the outputs. The steps receive a record of the inputs and the values from
/// memory, and return a record with the outputs, or the value of the only output. Other chains are built on it:
/// [`LlmChain`](crate::LlmChain) converts to it, [`SequentialChain`](crate::SequentialChain) and others build it.
/// [`new`](Chain::new) turns any step into one, as LangChain's `TransformChain` does.
///
/// It streams if its steps do: the first chunk holds the inputs, later ones hold chunks of the outputs.
///
/// # Errors
/// [`MissingKey`](catena_core::ErrorKind::MissingKey) when inputs are missing, before anything runs;
/// [`InvalidInput`](catena_core::ErrorKind::InvalidInput) when a bare value is given to a chain with several inputs, or
/// when the steps do not return the outputs; those of the memory and the steps.
///
/// # Cancellation
/// Dropping a future or stream cancels the steps, and the call is not saved to memory.
///
/// # Example
/// ```
/// use catena_chains::Chain;
/// use catena_core::{lambda, vars, Data, Record, RunnableExt};
/// # futures_executor::block_on(async {
/// let shout = lambda(|inputs: Record| {
///     let text = inputs.get("text").and_then(Data::as_text).unwrap_or_default();
///     Record::from_iter([("loud", text.to_uppercase())])
/// });
/// let chain = Chain::new(["text"], ["loud"], shout);
/// assert_eq!(chain.arun("hi").await?, "HI");
/// assert_eq!(Data::from(chain.invoke("hi").await?), vars! { text: "hi", loud: "HI" });
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Chain {
    pub(crate) name: Cow<'static, str>,
    pub(crate) input_keys: Vec<String>,
    pub(crate) output_keys: Vec<String>,
    pub(crate) steps: DynRunnable,
    pub(crate) memory: Option<Arc<dyn Memory>>,
    pub(crate) gives: Gives,
    /// Whether missing inputs are reported here rather than by the steps.
    pub(crate) checked: bool,
    /// Whether it calls a model once and its first output is derived from the answer.
    pub(crate) asks: bool,
}

/// LangChain's name for a [`Chain`] made from a function.
///
/// # Example
/// See [`Chain`].
pub type TransformChain = Chain;

/// The values returned besides the outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    /// The inputs, including the values from memory.
    Everything,
    /// The inputs given by the caller.
    Given,
    /// None.
    Outputs,
}

impl Chain {
    /// Creates a chain from a step that computes these outputs from these inputs. Without output names, it returns
    /// whatever record the step returns.
    pub fn new<I, O, R>(
        input_keys: impl IntoIterator<Item = I>,
        output_keys: impl IntoIterator<Item = O>,
        steps: R,
    ) -> Self
    where
        I: Into<String>,
        O: Into<String>,
        R: Runnable + 'static,
        R::Input: FromData,
        R::Output: Into<Data>,
    {
        Self {
            name: Cow::Borrowed("Chain"),
            input_keys: input_keys.into_iter().map(Into::into).collect(),
            output_keys: output_keys.into_iter().map(Into::into).collect(),
            steps: steps.dynamic(),
            memory: None,
            gives: Gives::Everything,
            checked: true,
            asks: false,
        }
    }

    /// Sets the name used in errors, traces and events.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Loads values from this memory for every call, and saves every successful call. The items of a `batch` run
    /// concurrently: they do not see each other, and are saved as they finish. [`aapply`](Chain::aapply) runs them in
    /// order.
    #[must_use]
    pub fn with_memory(mut self, memory: impl Memory + 'static) -> Self {
        self.memory = Some(Arc::new(memory));
        self
    }

    /// Returns only the outputs, without the inputs.
    #[must_use]
    #[doc(alias = "return_only_outputs")]
    pub fn only_outputs(mut self) -> Self {
        self.gives = Gives::Outputs;
        self
    }

    /// Returns the names of the inputs, including those filled from memory.
    pub fn input_keys(&self) -> &[String] {
        &self.input_keys
    }

    /// Returns the names of the outputs.
    pub fn output_keys(&self) -> &[String] {
        &self.output_keys
    }

    /// Runs with a bare value or with named values, and returns the only output as text. For a chain that also returns
    /// the [full generation](crate::LlmChain::with_full_generation), this is the other output.
    ///
    /// # Errors
    /// [`InvalidInput`](catena_core::ErrorKind::InvalidInput) when it does not have exactly one output; those listed on
    /// the type.
    #[doc(alias = "apredict")]
    pub async fn arun(&self, inputs: impl Into<Data>) -> Result<String> {
        self.arun_value(inputs).await.map(|value| text_of(&value))
    }

    /// Runs with a bare value or with named values, and returns the only output unchanged, for example the value of an
    /// output parser.
    ///
    /// # Errors
    /// Those of [`arun`](Chain::arun).
    pub async fn arun_value(&self, inputs: impl Into<Data>) -> Result<Data> {
        let key = self.the_output_key()?;
        let mut output = self.invoke(inputs.into()).await?;
        Ok(output.get_mut(key).map(std::mem::take).unwrap_or_default())
    }

    /// Runs every input and returns the results in the order of the inputs. Calls run concurrently; with a memory, they
    /// run one after another, so that each sees those before it. A chain of a single prompt and model returns only its
    /// outputs here.
    ///
    /// # Errors
    /// Each input has its own result.
    pub async fn aapply<I: Into<Data>>(&self, inputs: impl IntoIterator<Item = I>) -> Vec<Result<Record>> {
        let chain = self.clone();
        let chain = if self.asks { chain.only_outputs() } else { chain };
        apply_each(&chain, self.memory.is_some(), inputs).await
    }

    fn the_output_key(&self) -> Result<&str> {
        match &self.output_keys[..] {
            [key] => Ok(key),
            [key, ..] if self.asks => Ok(key),
            keys => {
                Err(invalid(format!("{} must have exactly one output, but has {}", self.name, list(keys))))
            }
        }
    }

    /// Converts to a step that returns the value of the only output, as a part of another chain.
    pub(crate) fn into_value(self) -> Result<DynRunnable> {
        let Ok(key) = self.the_output_key() else {
            let (name, outputs) = (&self.name, list(&self.output_keys));
            return Err(misbuilt(format!("{name} must have exactly one output here, but has {outputs}")));
        };
        let output = RunnablePick::one(key);
        Ok(self.only_outputs().pipe(output).dynamic())
    }

    /// Returns the inputs that a caller has to give.
    pub(crate) fn free_keys(&self) -> Vec<String> {
        let remembered = self.memory.as_ref().map(Memory::variables).unwrap_or_default();
        self.input_keys.iter().filter(|key| !remembered.contains(key)).cloned().collect()
    }

    /// Names a bare value, checks for missing inputs, and loads the memory.
    pub(crate) async fn prepare(&self, input: Data) -> Result<Prepared> {
        let free = self.free_keys();
        let given = match (input.into_plain(), &free[..]) {
            (Data::Record(record), _) => record,
            (Data::Null, _) => Record::new(),
            (value, [key]) => Record::from_iter([(key.clone(), value)]),
            (value, _) if !self.checked && self.memory.is_none() => return Ok(Prepared::bare(value)),
            (value, keys) => {
                let (name, kind, keys) = (&self.name, value.kind(), list(keys));
                return Err(invalid(format!("{name} expects a record with {keys}, got {kind}")));
            }
        };
        let absent: Vec<&String> = free.iter().filter(|key| !given.contains(key)).collect();
        if self.checked && !absent.is_empty() {
            let (name, absent, present) = (&self.name, list(absent), list(given.names()));
            return Err(missing(format!("missing input {absent} of {name}, the input has {present}")));
        }
        let mut inputs = given.clone();
        if let Some(memory) = &self.memory {
            inputs.extend(memory.load(&given).await?);
        }
        Ok(Prepared::named(given, inputs))
    }

    /// Extracts the outputs from the result of the steps.
    pub(crate) fn outputs(&self, made: Data) -> Result<Record> {
        match (made, &self.output_keys[..]) {
            (Data::Record(record), []) => Ok(record),
            (Data::Record(record), keys) => Ok(only(&record, keys)),
            (made @ Data::Json(_), keys) if made.as_record().is_some() => {
                // Chunks of a parser's result replace each other.
                let replacing = |value: Data| Json::from(value.into_json());
                let record = Record::from_data(made)?.into_iter();
                Ok(only(&record.map(|(name, value)| (name, replacing(value))).collect(), keys))
            }
            (value, [key]) => Ok(Record::from_iter([(key.clone(), value)])),
            (Data::Null, _) => Ok(Record::new()),
            (value, keys) => Err(invalid(format!(
                "the steps of {} must return a record with {}, got {}",
                self.name,
                list(keys),
                value.kind()
            ))),
        }
    }

    /// Checks that every output is present, and saves the call.
    pub(crate) async fn finish(&self, given: &Record, outputs: &Record) -> Result<()> {
        let missing: Vec<&String> = self.output_keys.iter().filter(|key| !outputs.contains(key)).collect();
        if !missing.is_empty() {
            return Err(invalid(format!("the steps of {} did not return {}", self.name, list(missing))));
        }
        match &self.memory {
            Some(memory) => memory.save(given, outputs).await,
            None => Ok(()),
        }
    }

    /// Returns the values besides the outputs.
    pub(crate) fn beside(&self, prepared: &Prepared) -> Record {
        let shown = match self.gives {
            Gives::Everything => &prepared.inputs,
            Gives::Given => &prepared.given,
            Gives::Outputs => return Record::new(),
        };
        without(shown, &self.output_keys)
    }
}

/// Returns the results in the order of the inputs, with calls that run concurrently or, if `in_turn`, one after
/// another.
pub(crate) async fn apply_each<R, I>(
    chain: &R,
    in_turn: bool,
    inputs: impl IntoIterator<Item = I>,
) -> Vec<Result<R::Output>>
where
    R: Runnable<Input = Data>,
    I: Into<Data>,
{
    let inputs: Vec<Data> = inputs.into_iter().map(Into::into).collect();
    if !in_turn {
        return chain.batch(inputs).await;
    }
    let mut results = Vec::with_capacity(inputs.len());
    for input in inputs {
        results.push(chain.invoke(input).await);
    }
    results
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("name", &self.name)
            .field("input_keys", &self.input_keys)
            .field("output_keys", &self.output_keys)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Runnable for Chain {
    type Input = Data;
    type Output = Record;

    async fn call(&self, input: Data, cx: &Context) -> Result<Record> {
        let prepared = self.prepare(input).await?;
        let outputs = self.outputs(self.steps.call(prepared.fill(), cx).await?)?;
        self.finish(&prepared.given, &outputs).await?;
        let mut all = self.beside(&prepared);
        all.extend(outputs);
        Ok(all.mergeable())
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, Record> {
        let output = async move {
            let Some(input) = gather(input).await? else { return Ok(stream::empty().boxed()) };
            let prepared = self.prepare(input).await?;
            let made = self.steps.transform(stream::iter([Ok(prepared.fill())]).boxed(), cx);
            Ok(finishing(self, prepared, made))
        };
        stream::once(output).try_flatten().boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }

    fn outline(&self) -> Outline {
        let mut outline = self.steps.outline();
        outline.name = self.name.clone().into_owned();
        outline
    }
}

impl_pipe!(Chain);
