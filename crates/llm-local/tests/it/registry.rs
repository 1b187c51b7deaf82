//! Models in files by name.

use catena_core::{ErrorKind, ModelOptions, ModelRegistry, RunnableExt};
use catena_llm_local::ChatLocal;
use futures_executor::block_on;

use crate::tiny::Tiny;

fn models() -> ModelRegistry {
    ModelRegistry::new().with(catena_llm_local::provider)
}

#[test]
fn a_path_is_the_name_of_a_model() {
    let file = Tiny::new().write();
    let name = format!("local:{}", file.path().display());
    let options = ModelOptions::new().with_max_tokens(5).with_temperature(1.0).with_top_p(0.9).with_seed(-7);
    let chat = models().chat_with(&name, &options).unwrap();
    let answer = block_on(chat.invoke("Hi")).unwrap();
    assert!(answer.usage.unwrap().output_tokens <= 5);
    assert_eq!(chat.provider(), Some("local"));
    let builder = ChatLocal::builder(file.path()).with_max_tokens(5).with_temperature(1.0).with_top_p(0.9);
    let direct = builder.with_seed(-7).build_chat().unwrap();
    assert_eq!(block_on(direct.invoke("Hi")).unwrap().text(), answer.text());

    let text = models().text_with(&name, &options.with_stop(["e"])).unwrap();
    assert!(!block_on(text.invoke("Once upon")).unwrap().contains('e'));
}

#[test]
fn what_means_nothing_here_is_refused() {
    let options = ModelOptions::new;
    for options in [
        options().with_base_url("http://h.test"),
        options().with_api_key("k"),
        options().with_max_retries(1),
        options().with_timeout(std::time::Duration::from_secs(1)),
    ] {
        let error = models().chat_with("local:m.gguf", &options).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    let error = models().chat("local:no-such-file.gguf").err().unwrap();
    assert!(error.to_string().contains("no-such-file.gguf"), "{error}");
    let error = models().chat("gpt-4o").err().unwrap();
    assert!(error.to_string().contains("registered providers: local"), "{error}");
}
