//! The classes that this crate makes again, and the ids they were given over the years.

use super::document::document;
use super::messages::message;
use super::prompt_classes as prompts;
use super::runnable_classes as runnables;
use super::{Kwargs, Loaded};
use crate::Result;

/// A class, where it was and is found, and what makes one of it.
pub(super) struct Class {
    pub(super) name: &'static str,
    namespaces: &'static [&'static str],
    pub(super) build: fn(&str, Kwargs) -> Result<Loaded>,
    /// Arguments of which the parts that are no data are looked at rather than loaded.
    pub(super) raw: &'static [&'static str],
}

impl Class {
    /// True for the messages that everybody may load: not those of any role or of functions, as in LangChain.
    pub(super) fn is_plain_message(&self) -> bool {
        self.name.contains("Message")
            && self.namespaces.contains(&"langchain_core.messages")
            && !self.name.starts_with("Chat")
            && !self.name.starts_with("Function")
    }

    fn is(&self, namespace: &[&str], name: &str) -> bool {
        self.name == name
            && self.namespaces.iter().any(|known| known.split('.').eq(namespace.iter().copied()))
    }
}

/// The class with this id.
pub(super) fn find(id: &[&str]) -> Option<&'static Class> {
    let (name, namespace) = id.split_last()?;
    CLASSES.iter().find(|class| class.is(namespace, name))
}

type Build = fn(&str, Kwargs) -> Result<Loaded>;

const fn class(name: &'static str, namespaces: &'static [&'static str], build: Build) -> Class {
    Class { name, namespaces, build, raw: &[] }
}

/// Types and functions of Python.
const CODE: &[&str] = &[
    "retry_exception_types",
    "exceptions_to_handle",
    "custom_input_type",
    "custom_output_type",
    "input_types",
];

const RUNNABLE_BASE: &[&str] = &["langchain.schema.runnable", "langchain_core.runnables.base"];
const PASSTHROUGH: &[&str] = &["langchain.schema.runnable", "langchain_core.runnables.passthrough"];
const CHAT: &[&str] = &["langchain.prompts.chat", "langchain_core.prompts.chat"];
const FEW_SHOT: &[&str] = &["langchain.prompts.few_shot", "langchain_core.prompts.few_shot"];
const LISTS: &[&str] = &["langchain.output_parsers.list", "langchain_core.output_parsers.list"];

/// A kind of message and its pieces.
macro_rules! messages {
    ($module:literal $name:literal) => {
        class(
            $name,
            &[
                "langchain.schema",
                "langchain.schema.messages",
                "langchain_core.messages",
                concat!("langchain_core.messages.", $module),
            ],
            message,
        )
    };
}

const CLASSES: &[Class] = &[
    messages!("ai" "AIMessage"),
    messages!("ai" "AIMessageChunk"),
    messages!("human" "HumanMessage"),
    messages!("human" "HumanMessageChunk"),
    messages!("system" "SystemMessage"),
    messages!("system" "SystemMessageChunk"),
    messages!("tool" "ToolMessage"),
    messages!("tool" "ToolMessageChunk"),
    messages!("function" "FunctionMessage"),
    messages!("function" "FunctionMessageChunk"),
    messages!("chat" "ChatMessage"),
    messages!("chat" "ChatMessageChunk"),
    messages!("modifier" "RemoveMessage"),
    class(
        "StringPromptValue",
        &["langchain.prompts.base", "langchain_core.prompt_values"],
        prompts::string_prompt_value,
    ),
    class(
        "ChatPromptValue",
        &["langchain.prompts.chat", "langchain_core.prompt_values"],
        prompts::chat_prompt_value,
    ),
    class(
        "ChatPromptValueConcrete",
        &["langchain.prompts.chat", "langchain_core.prompt_values"],
        prompts::chat_prompt_value,
    ),
    class(
        "Document",
        &["langchain.schema", "langchain.schema.document", "langchain_core.documents.base"],
        document,
    ),
    Class {
        name: "PromptTemplate",
        namespaces: &["langchain.prompts.prompt", "langchain_core.prompts.prompt"],
        build: prompts::prompt_template,
        raw: CODE,
    },
    Class { name: "ChatPromptTemplate", namespaces: CHAT, build: prompts::chat_prompt_template, raw: CODE },
    Class {
        name: "StructuredPrompt",
        namespaces: &["langchain_core.prompts.structured"],
        build: prompts::structured_prompt,
        raw: CODE,
    },
    class("SystemMessagePromptTemplate", CHAT, prompts::message_template),
    class("HumanMessagePromptTemplate", CHAT, prompts::message_template),
    class("AIMessagePromptTemplate", CHAT, prompts::message_template),
    class("ChatMessagePromptTemplate", CHAT, prompts::message_template),
    class("MessagesPlaceholder", CHAT, prompts::messages_placeholder),
    class("FewShotPromptTemplate", FEW_SHOT, prompts::few_shot),
    class(
        "FewShotPromptWithTemplates",
        &["langchain.prompts.few_shot_with_templates", "langchain_core.prompts.few_shot_with_templates"],
        prompts::few_shot,
    ),
    class("FewShotChatMessagePromptTemplate", FEW_SHOT, prompts::few_shot_chat),
    class(
        "ImagePromptTemplate",
        &["langchain.prompts.image", "langchain.schema.prompt_template", "langchain_core.prompts.image"],
        prompts::image,
    ),
    class("DictPromptTemplate", &["langchain_core.prompts.dict"], prompts::dict),
    class("_DictMessagePromptTemplate", &["langchain_core.prompts.message"], prompts::dict),
    class(
        "StrOutputParser",
        &["langchain.schema.output_parser", "langchain_core.output_parsers.string"],
        runnables::parser,
    ),
    class("JsonOutputParser", &["langchain_core.output_parsers.json"], runnables::parser),
    class("SimpleJsonOutputParser", &["langchain_core.output_parsers.json"], runnables::parser),
    class("CommaSeparatedListOutputParser", LISTS, runnables::parser),
    class("NumberedListOutputParser", LISTS, runnables::parser),
    class("MarkdownListOutputParser", LISTS, runnables::parser),
    class("RunnablePassthrough", PASSTHROUGH, runnables::passthrough),
    class("RunnablePick", PASSTHROUGH, runnables::pick),
    class("RunnableAssign", PASSTHROUGH, runnables::assign),
    class("RunnableParallel", RUNNABLE_BASE, runnables::parallel),
    class("RunnableMap", RUNNABLE_BASE, runnables::parallel),
    class("RunnableSequence", RUNNABLE_BASE, runnables::sequence),
    class("RunnableEach", RUNNABLE_BASE, runnables::each),
    class(
        "RunnableBranch",
        &["langchain.schema.runnable", "langchain_core.runnables.branch"],
        runnables::branch,
    ),
    class(
        "RouterRunnable",
        &["langchain.schema.runnable", "langchain_core.runnables.router"],
        runnables::router,
    ),
    Class { name: "RunnableBinding", namespaces: RUNNABLE_BASE, build: runnables::binding, raw: CODE },
    Class {
        name: "RunnableWithFallbacks",
        namespaces: &["langchain.schema.runnable", "langchain_core.runnables.fallbacks"],
        build: runnables::fallbacks,
        raw: CODE,
    },
    Class {
        name: "RunnableRetry",
        namespaces: &["langchain.schema.runnable", "langchain_core.runnables.retry"],
        build: runnables::retry,
        raw: CODE,
    },
];
