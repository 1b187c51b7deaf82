//! Whoever watches changes nothing.

use std::sync::{Arc, Mutex};

use catena_core::{
    ChunkStream, Context, LanguageModel, PromptTemplate, PromptValue, Result, RunCollector, RunConfig,
    RunnableExt, StrOutputParser, async_trait, gather, impl_pipe,
};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};

/// A model that notes how it is called.
#[derive(Clone, Default)]
struct Noting(Arc<Mutex<Vec<&'static str>>>);

#[async_trait]
impl LanguageModel for Noting {
    type Output = String;

    async fn generate(&self, _: PromptValue, _: &Context) -> Result<String> {
        self.0.lock().unwrap().push("called");
        Ok("token".to_owned())
    }

    fn generate_stream<'a>(&'a self, _: PromptValue, _: Context) -> ChunkStream<'a, String> {
        self.0.lock().unwrap().push("streamed");
        stream::iter(["to", "ken"].map(|chunk| Ok(chunk.to_owned()))).boxed()
    }
}

impl_pipe!(Noting);

#[test]
fn an_observer_does_not_turn_a_call_into_a_stream() {
    let watched = RunConfig::new().with_observer(RunCollector::new());
    for config in [RunConfig::new(), watched] {
        let model = Noting::default();
        let chain = PromptTemplate::new("{x}").unwrap() | model.clone() | StrOutputParser;
        assert_eq!(block_on(chain.invoke_with("x", &config)).unwrap(), "token");
        assert_eq!(block_on(gather(chain.stream_with("x", &config))).unwrap().unwrap(), "token");
        assert_eq!(block_on(chain.batch_with(["x"], &config)).remove(0).unwrap(), "token");
        assert_eq!(*model.0.lock().unwrap(), ["called", "streamed", "called"], "{config:?}");
    }
}

#[test]
fn a_listener_does_not_either() {
    let model = Noting::default();
    let chain = model.clone().with_listener(|_| {}) | StrOutputParser;
    block_on(chain.invoke("x")).unwrap();
    assert_eq!(*model.0.lock().unwrap(), ["called"]);
}
