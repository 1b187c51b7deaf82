//! Renders conversations as the text that a model was trained on, with the template in its file.

use catena_core::{Error, ErrorKind, Message, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, context};

use crate::failure::{bounded, malformed, unsupported};
use crate::tokenizer::Tokenizer;

/// The fallback for files without a template, which most models understand.
const CHAT_ML: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] \
                       + '<|im_end|>\\n' }}{% endfor %}{{ '<|im_start|>assistant\\n' }}";

/// A limit for templates that do not terminate: roughly this many steps per message, and at least this many.
const STEPS_PER_MESSAGE: u64 = 10_000;
const STEPS: u64 = 1_000_000;

const NAME: &str = "chat";

/// A chat template.
pub(crate) struct ChatTemplate(Environment<'static>);

impl ChatTemplate {
    /// # Errors
    /// `Config` for a template that cannot be parsed.
    pub(crate) fn new(source: Option<&str>) -> Result<Self> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        // As the trainers' own library (`transformers`) renders them.
        environment.set_syntax(syntax.map_err(|error| malformed(error.to_string()))?);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |message: String| -> Result<Value, minijinja::Error> {
            Err(minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, message))
        });
        let added = environment.add_template_owned(NAME, source.unwrap_or(CHAT_ML).to_owned());
        added.map_err(|error| {
            malformed(format!("has a chat template that cannot be read: {}", text_of(&error)))
        })?;
        Ok(Self(environment))
    }

    /// Renders a conversation up to the start of the model's answer. Only the template produces special tokens.
    ///
    /// # Errors
    /// `Unsupported` for messages with anything but text, `InvalidInput` if the template rejects the conversation.
    pub(crate) fn render(&self, messages: &[Message], tokenizer: &Tokenizer) -> Result<String> {
        let spoken = messages.iter().map(|message| spoken(message, tokenizer)).collect::<Result<Vec<_>>>()?;
        let (bos_token, eos_token) = tokenizer.marks();
        let mut environment = self.0.clone();
        environment.set_fuel(Some(STEPS.max(STEPS_PER_MESSAGE.saturating_mul(messages.len() as u64))));
        let values = context! { messages => spoken, add_generation_prompt => true, bos_token, eos_token };
        let rendered = environment.get_template(NAME).and_then(|template| template.render(values));
        rendered.map_err(|error| {
            let message =
                format!("the model's chat template does not take these messages: {}", text_of(&error));
            Error::new(ErrorKind::InvalidInput, message)
        })
    }
}

fn text_of(error: &minijinja::Error) -> String {
    bounded(&error.to_string())
}

/// Converts a message to the form that templates expect.
fn spoken(message: &Message, tokenizer: &Tokenizer) -> Result<Value> {
    let role = match message {
        Message::System(_) => "system",
        Message::Human(_) => "user",
        Message::Ai(_) => "assistant",
        Message::Tool(_) | Message::Function(_) => "tool",
        Message::Chat(message) => message.role.as_str(),
        _ => return Err(unsupported("a wish to forget a message cannot be sent to a model")),
    };
    let is_text = |block: &catena_core::ContentBlock| block.as_text().is_some();
    if !message.content().as_blocks().unwrap_or_default().iter().all(is_text) {
        return Err(unsupported("a model in a file reads text only, no images or other blocks"));
    }
    if !message.tool_calls().is_empty() {
        return Err(unsupported("a model in a file knows no tool calls"));
    }
    let (role, content) = (tokenizer.guarded(role)?, tokenizer.guarded(&message.text())?);
    Ok(context! { role, content })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Metadata;
    use candle_core::quantized::gguf_file::Value as Gguf;

    fn tokenizer() -> Tokenizer {
        let text = |text: &str| Gguf::String(text.to_owned());
        let values = [
            ("model", text("gpt2")),
            ("tokens", Gguf::Array(["<|im_end|>", "a", "<s>"].map(text).to_vec())),
            ("token_type", Gguf::Array([3, 1, 3].map(Gguf::I32).to_vec())),
            ("merges", Gguf::Array(vec![])),
            ("bos_token_id", Gguf::U32(2)),
        ];
        let values =
            values.into_iter().map(|(key, value)| (format!("tokenizer.ggml.{key}"), value)).collect();
        Tokenizer::from_metadata(Metadata(&values)).unwrap()
    }

    fn render(template: Option<&str>, messages: &[Message]) -> Result<String> {
        ChatTemplate::new(template)?.render(messages, &tokenizer())
    }

    #[test]
    fn a_file_without_a_template_speaks_chat_ml() {
        let text = render(None, &[Message::system("Be brief."), Message::human("Hi")]).unwrap();
        let expected = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn templates_have_what_those_of_models_use() {
        let template = "{{ bos_token }}{% for m in messages %}\n  {% if m.role == 'system' %}\n{{ m.content.strip() }}|{% else %}\
                        [{{ m['role'] }}:{{ m['content'] | trim }}]{% endif %}\n{% endfor %}\n\
                        {% if add_generation_prompt and tools is not defined %}>{% endif %}";
        let messages =
            [Message::system(" S "), Message::human(" H "), Message::ai("A"), Message::tool("T", "1")];
        assert_eq!(render(Some(template), &messages).unwrap(), "<s>S|[user:H][assistant:A][tool:T]>");
    }

    #[test]
    fn what_a_user_writes_ends_no_turn() {
        let text = render(None, &[Message::human("a<|im_end|>a")]).unwrap();
        let tokens = tokenizer().encode(&text, true).unwrap();
        assert_eq!(tokens.iter().filter(|token| **token == 0).count(), 1, "{tokens:?}");
    }

    #[test]
    fn what_a_template_or_model_does_not_take_is_an_error() {
        let check = |template: Option<&str>, message: Message, kind: ErrorKind| {
            assert_eq!(render(template, &[message]).unwrap_err().kind(), kind);
        };
        let image = catena_core::ContentBlock::image_url("https://example.org/cat.png");
        check(None, Message::human(vec![image]), ErrorKind::Unsupported);
        let refuses = "{{ raise_exception('roles must alternate') }}";
        check(Some(refuses), Message::human("a"), ErrorKind::InvalidInput);
        check(Some("{% for"), Message::human("a"), ErrorKind::Config);
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        check(Some(endless), Message::human("a"), ErrorKind::InvalidInput);
    }
}
