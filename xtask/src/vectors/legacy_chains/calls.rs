//! Calls of a chain by the names that Python has for them.

use catena::prelude::*;
use catena::{Record, Result, gather};

use super::super::raised::raise;
use super::built::Built;
use super::node::Fields;
use super::{Caller, tags, unknown};

impl Built {
    /// Makes one call of an operation.
    pub(super) fn call(&self, call: &Data, caller: Caller) -> Result<Data> {
        let fields = Fields::of(call)?;
        let name = fields.text("call").unwrap_or_default();
        let result = self.by_name(name, fields, caller).map(tags::encode);
        result.map_err(|error| self.as_in_python(error, name))
    }

    fn by_name(&self, name: &str, fields: Fields<'_>, caller: Caller) -> Result<Data> {
        match name {
            // In Rust such a call does not compile.
            "run" | "arun" if !has_one_input(fields) => {
                Err(raise("value_error", "`run` takes one value, or values with names"))
            }
            "run" | "arun" | "predict" | "apredict" => self.run(input(fields)?, caller),
            "invoke" | "call" | "acall" => self.invoke(input(fields)?, only_outputs(fields), caller),
            "apply" | "aapply" => self.apply(inputs(fields), caller),
            "generate" => self.generate(inputs(fields), caller),
            "predict_and_parse" => self.predict_and_parse(input(fields)?, caller),
            "apply_and_parse" => self.apply_and_parse(inputs(fields), caller),
            "batch" => self.batch(inputs(fields), caller),
            "stream" => self.stream(input(fields)?, caller),
            "input_keys" => Ok(sorted(self.chain.input_keys())),
            "output_keys" => Ok(sorted(self.chain.output_keys())),
            "memory_variables" => self.memory_variables(),
            "clear_memory" => self.clear_memory(),
            other => Err(unknown(&format!("call `{other}`"))),
        }
    }

    /// LangChain's chains say `ValueError` for an input that is missing, except where they fill the prompt without a look
    /// at the inputs, and where a memory lacks what it is told to save; catena has one kind for what is missing.
    fn as_in_python(&self, error: Error, call: &str) -> Error {
        let unchecked = matches!(call, "apply" | "aapply" | "generate" | "apply_and_parse");
        let of_memory = error.message().starts_with("the memory saves ");
        match error.kind() {
            ErrorKind::MissingKey if !(of_memory || unchecked && self.llm.is_some()) => {
                raise("value_error", error.to_string())
            }
            _ => error,
        }
    }

    fn run(&self, input: Data, caller: Caller) -> Result<Data> {
        match (&self.llm, caller) {
            (Some(llm), Caller::Async) if self.plain => smol::block_on(llm.arun(input)).map(Data::from),
            (Some(llm), Caller::Blocking) if self.plain => llm.run(input).map(Data::from),
            (_, Caller::Async) => smol::block_on(self.chain.arun_value(input)),
            (_, Caller::Blocking) => self.chain.run_value(input),
        }
    }

    fn invoke(&self, input: Data, only_outputs: bool, caller: Caller) -> Result<Data> {
        let chain = self.chain.clone();
        let chain = if only_outputs { chain.only_outputs() } else { chain };
        match caller {
            Caller::Async => smol::block_on(chain.invoke(input)),
            Caller::Blocking => chain.blocking().invoke(input),
        }
        .map(Data::from)
    }

    fn apply(&self, inputs: Vec<Data>, caller: Caller) -> Result<Data> {
        all(match caller {
            Caller::Async => smol::block_on(self.chain.aapply(inputs)),
            Caller::Blocking => self.chain.apply(inputs),
        })
    }

    fn generate(&self, inputs: Vec<Data>, caller: Caller) -> Result<Data> {
        let llm = self.llm.as_ref().ok_or_else(|| unknown("chain that generates"))?;
        let generations = match caller {
            Caller::Async => smol::block_on(llm.agenerate(inputs)),
            Caller::Blocking => llm.generate(inputs),
        };
        // One list for each input, of the generations that were asked for.
        let generations: Vec<Vec<Data>> =
            generations?.into_iter().map(|generation| vec![generation.into()]).collect();
        Ok(Record::from_iter([("generations", generations)]).into())
    }

    fn predict_and_parse(&self, input: Data, caller: Caller) -> Result<Data> {
        match (&self.llm, &self.parser, caller) {
            (Some(llm), Some(parser), Caller::Async) => smol::block_on(llm.apredict_and_parse(input, parser)),
            (Some(llm), Some(parser), Caller::Blocking) => llm.predict_and_parse(input, parser),
            _ => self.run(input, caller),
        }
    }

    fn apply_and_parse(&self, inputs: Vec<Data>, caller: Caller) -> Result<Data> {
        match (&self.llm, &self.parser, caller) {
            (Some(llm), Some(parser), Caller::Async) => {
                all(smol::block_on(llm.aapply_and_parse(inputs, parser)))
            }
            (Some(llm), Some(parser), Caller::Blocking) => all(llm.apply_and_parse(inputs, parser)),
            _ => self.apply(inputs, caller),
        }
    }

    fn batch(&self, inputs: Vec<Data>, caller: Caller) -> Result<Data> {
        all(match caller {
            Caller::Async => smol::block_on(self.chain.batch(inputs)),
            Caller::Blocking => self.chain.blocking().batch(inputs),
        })
    }

    /// Chains of LangChain stream one value; those of catena stream tokens, which add up to it.
    fn stream(&self, input: Data, caller: Caller) -> Result<Data> {
        let whole = match caller {
            Caller::Async => smol::block_on(gather(self.chain.stream(input)))?,
            Caller::Blocking => {
                let chunks = self.chain.blocking().stream(input).collect::<Result<Vec<Record>>>()?;
                chunks.into_iter().reduce(|mut whole, chunk| {
                    whole.merge(chunk);
                    whole
                })
            }
        };
        Ok(Data::List(whole.into_iter().map(Data::from).collect()))
    }

    fn memory_variables(&self) -> Result<Data> {
        let Some(memory) = &self.memory else { return Err(unknown("memory")) };
        smol::block_on(memory.load(&Record::new())).map(Data::from)
    }

    fn clear_memory(&self) -> Result<Data> {
        let Some(memory) = &self.memory else { return Err(unknown("memory")) };
        smol::block_on(memory.clear()).map(Data::from)
    }
}

/// The one input: a bare value, a mapping, or named values.
fn input(fields: Fields<'_>) -> Result<Data> {
    let named: Record = fields
        .members("kwargs")
        .into_iter()
        .filter(|(name, _)| *name != ONLY)
        .map(|(name, value)| (name, value.clone()))
        .collect();
    match (fields.items("args"), named.is_empty()) {
        ([one], true) => Ok(tags::decode(one)),
        ([], _) => Ok(tags::decode(&named.into())),
        _ => Err(unknown("call with several inputs")),
    }
}

/// True if there is either one bare value or mapping, or values with names.
fn has_one_input(fields: Fields<'_>) -> bool {
    matches!((fields.items("args"), &fields.members("kwargs")[..]), ([_], []) | ([], [_, ..]))
}

/// An option among the named values.
const ONLY: &str = "return_only_outputs";

fn only_outputs(fields: Fields<'_>) -> bool {
    fields.members("kwargs").contains(&(ONLY, &Data::Bool(true)))
}

/// The inputs of a call with many.
fn inputs(fields: Fields<'_>) -> Vec<Data> {
    match fields.items("args").first().map(tags::decode) {
        Some(Data::List(inputs)) => inputs,
        _ => Vec::new(),
    }
}

/// Python gives all results or the first error.
fn all<T: Into<Data>>(results: Vec<Result<T>>) -> Result<Data> {
    results.into_iter().map(|result| result.map(Into::into)).collect::<Result<Vec<Data>>>().map(Data::List)
}

fn sorted(names: &[String]) -> Data {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.into()
}
