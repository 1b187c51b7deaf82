//! Values are never read as templates: a brace in data breaks no prompt, and no value brings in a variable.

use catena_core::{
    ChatPromptTemplate, Data, Examples, FewShotChatMessagePromptTemplate, FewShotPromptTemplate, Message,
    MessagesPlaceholder, PromptTemplate, TemplateFormat, vars,
};
use serde_json::json;

/// What breaks LangChain where it formats twice, and what would show the secret if it were read as a template.
const DATA: [&str; 12] = [
    "{",
    "}",
    "{}",
    "{{",
    "}}",
    "{secret}",
    "{{secret}}",
    "{{{secret}}}",
    "{% raw %}{{ secret }}",
    "{{#secret}}x{{/secret}}",
    r#"{"a": {"b": [1]}}"#,
    "{secret!r:>10}",
];

fn languages() -> Vec<(TemplateFormat, &'static str, &'static str)> {
    let mut all = vec![(TemplateFormat::FString, "<{a}>", "<{a}|{secret}>")];
    if cfg!(feature = "mustache") {
        all.push((TemplateFormat::Mustache, "<{{{a}}}>", "<{{{a}}}|{{{secret}}}>"));
    }
    if cfg!(feature = "jinja2") {
        all.push((TemplateFormat::Jinja2, "<{{ a }}>", "<{{ a }}|{{ secret }}>"));
    }
    all
}

#[test]
fn in_values_and_partials() {
    for (format, one, two) in languages() {
        let one = PromptTemplate::parse(one, format).unwrap();
        let two = PromptTemplate::parse(two, format).unwrap();
        for data in DATA {
            let text = format!("<{data}>");
            assert_eq!(one.format(vars! { a: data, secret: "S" }).unwrap(), text, "{format}");
            assert_eq!(
                one.clone().with_partial("a", data).format(vars! { secret: "S" }).unwrap(),
                text,
                "{format}"
            );
            assert_eq!(
                one.clone().with_partial_fn("a", move || data).format(vars! { secret: "S" }).unwrap(),
                text
            );
            // Two values cannot make a template together either.
            assert_eq!(
                two.format(vars! { a: data, secret: data }).unwrap(),
                format!("<{data}|{data}>"),
                "{format}"
            );
        }
        // A record's names and values go in as JSON.
        let record = one.format(vars! { a: json!({"{secret}": "{{secret}}"}), secret: "S" }).unwrap();
        assert_eq!(record, r#"<{"{secret}":"{{secret}}"}>"#, "{format}");
    }
}

#[test]
fn in_examples() {
    for (format, one, _) in languages() {
        let row = PromptTemplate::parse(one, format).unwrap();
        for data in DATA {
            let prompt =
                FewShotPromptTemplate::new(Examples::new([vars! { a: data }]), row.clone(), row.clone())
                    .with_prefix(row.clone())
                    .with_separator(data);
            let text = prompt.format(vars! { a: data, secret: "S" }).unwrap();
            assert_eq!(
                text,
                [format!("<{data}>"), format!("<{data}>"), format!("<{data}>")].join(data),
                "{format}"
            );
        }
    }
    let example = ChatPromptTemplate::new([("human", "{a}"), ("ai", "{b}")]).unwrap();
    for data in DATA {
        let examples = Examples::new([vars! { a: data, b: data }]);
        let prompt = ChatPromptTemplate::default()
            .with_examples(FewShotChatMessagePromptTemplate::new(examples, example.clone()))
            .with_template("human", "{a}")
            .unwrap();
        let messages = prompt.format_messages(vars! { a: data, secret: "S" }).unwrap();
        assert_eq!(messages, [Message::human(data), Message::ai(data), Message::human(data)]);
    }
}

#[test]
fn in_messages_and_blocks() {
    let prompt = ChatPromptTemplate::default()
        .with_placeholder(MessagesPlaceholder::new("history"))
        .with_content(
            "human",
            json!(["{a}", {"type": "image_url", "image_url": "{a}"}, {"type": "x", "y": ["{a}"]}]),
        )
        .unwrap();
    for data in DATA {
        let history = vec![Message::human(data), Message::ai(data)];
        let literal =
            ChatPromptTemplate::default().with_message(Message::system(data)).concat(prompt.clone());
        let messages =
            literal.format_messages(vars! { history: history.clone(), a: data, secret: "S" }).unwrap();
        assert_eq!(messages[0], Message::system(data));
        assert_eq!(messages[1..3], history);
        let content = serde_json::to_value(&messages[3]).unwrap()["content"].clone();
        assert_eq!(content[0]["text"], data);
        assert_eq!(content[1]["image_url"]["url"], data);
        assert_eq!(content[2]["y"][0], data);
        // What reads as messages is no template either.
        let told = Data::from(json!([data, ["ai", data], {"role": "user", "content": data}]));
        let messages = prompt.format_messages(vars! { history: told, a: "x", secret: "S" }).unwrap();
        assert!(messages[..3].iter().all(|message| message.text() == data));
    }
}
