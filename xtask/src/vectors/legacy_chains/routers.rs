//! Router chains.

use catena::chains::{Chain, LlmRouterChain, MultiRouteChain};
use catena::{Data, PromptTemplate, Record, Result, lambda};

use super::node::{Builder, Fields};

impl Builder {
    pub(super) fn route(&self, kind: &str, fields: Fields<'_>) -> Result<Chain> {
        match kind {
            "fixed_router" => Ok(fixed(fields)),
            "llm_router" => {
                let prompt = PromptTemplate::new(fields.text("prompt").unwrap_or_default())?;
                let asking = catena::LlmChain::new(self.model(fields)?, prompt);
                Ok(LlmRouterChain::new(asking).into())
            }
            _ => self.multi_route(fields),
        }
    }

    fn multi_route(&self, fields: Fields<'_>) -> Result<Chain> {
        let (router, default) = (self.part(fields, "router")?, self.part(fields, "default")?);
        let mut chain = MultiRouteChain::new(router, default);
        for (name, node) in fields.members("destinations") {
            chain = chain.with(name, self.chain(node)?.chain);
        }
        if fields.flag("silent_errors") {
            chain = chain.with_silent_errors();
        }
        Ok(chain.build())
    }
}

/// Always picks one destination, and passes some inputs on, renamed.
fn fixed(fields: Fields<'_>) -> Chain {
    let keys = fields.texts("keys");
    let destination = fields.get("destination").cloned().unwrap_or_default();
    let names: Vec<(String, String)> = keys
        .iter()
        .map(|key| {
            let renamed = fields.get("rename").and_then(|rename| rename.get(key)).and_then(Data::as_text);
            (key.clone(), renamed.unwrap_or(key).to_owned())
        })
        .collect();
    let route = lambda(move |inputs: Record| {
        let next = names.iter().filter_map(|(key, name)| Some((name, inputs.get(key)?.clone())));
        let next: Data = next.collect::<Record>().into();
        Record::from_iter([("destination", destination.clone()), ("next_inputs", next)])
    });
    Chain::new(keys, ["destination", "next_inputs"], route)
}
