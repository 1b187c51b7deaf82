"""Writes langchain.json: objects of langchain-core as its `dumpd` writes them, and what they do when they are used.

    pip install langchain-core==1.8.2 && python langchain.py

With the argument `check` it reads envelopes, one JSON object `{name: envelope}`, from standard input instead, loads each,
and prints what they do in the same form.
"""

import json
import pathlib
import sys
import warnings

from langchain_core.load import dumpd, load
from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage, AIMessageChunk, BaseMessage, ChatMessage, ChatMessageChunk, FunctionMessage, HumanMessage,
    HumanMessageChunk, RemoveMessage, SystemMessage, SystemMessageChunk, ToolMessage, ToolMessageChunk,
)
from langchain_core.messages import message_to_dict
from langchain_core.output_parsers import (
    CommaSeparatedListOutputParser, JsonOutputParser, MarkdownListOutputParser, NumberedListOutputParser,
    StrOutputParser,
)
from langchain_core.prompt_values import ChatPromptValue, PromptValue, StringPromptValue
from langchain_core.prompts import (
    AIMessagePromptTemplate, ChatMessagePromptTemplate, ChatPromptTemplate, FewShotChatMessagePromptTemplate,
    FewShotPromptTemplate, FewShotPromptWithTemplates, HumanMessagePromptTemplate, MessagesPlaceholder,
    PromptTemplate, SystemMessagePromptTemplate,
)
from langchain_core.prompts.dict import DictPromptTemplate
from langchain_core.prompts.image import ImagePromptTemplate
from langchain_core.prompts.structured import StructuredPrompt
from langchain_core.runnables import (
    RouterRunnable, RunnableBranch, RunnableLambda, RunnableParallel, RunnablePassthrough, RunnablePick,
)

warnings.simplefilter("ignore")

T = PromptTemplate.from_template
SCHEMA = {"title": "Person", "type": "object", "properties": {"name": {"type": "string"}}}
QA = [{"q": "2+2", "a": "4 {x}"}, {"q": "3+3", "a": "6"}]
CHAT = ChatPromptTemplate.from_messages(
    [
        ("system", "You are {who}."),
        SystemMessage('Answer like {"a": 1}.'),
        MessagesPlaceholder("history", optional=True, n_messages=2),
        ("placeholder", "{more}"),
        ("human", "{question}"),
        AIMessagePromptTemplate.from_template("I {verb}", additional_kwargs={"mood": "good"}),
        ChatMessagePromptTemplate.from_template("Then {who} came.", role="Narrator"),
    ]
)
BLOCKS = ChatPromptTemplate.from_messages(
    [
        (
            "human",
            [
                {"type": "text", "text": "What is {thing}?"},
                {"type": "image_url", "image_url": "https://e.org/{id}.png"},
                {"type": "image_url", "image_url": {"url": "https://e.org/{id}.png", "detail": "low"}},
                {"type": "file", "file": {"name": "{thing}.pdf", "pages": [1, "{id}"]}},
            ],
        )
    ]
)
CALL = {"name": "f", "args": {"a": 1}, "id": "c1", "type": "tool_call"}
USAGE = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7, "input_token_details": {"cache_read": 1}}

# name: (object, input); what has no input is compared as it is.
CASES = {
    "human": (HumanMessage("Hi {x}", name="Ann", id="m1"), None),
    "system": (SystemMessage("Be brief", additional_kwargs={"__openai_role__": "developer"}), None),
    "ai": (
        AIMessage(
            "x", id="r1", tool_calls=[CALL], usage_metadata=USAGE, response_metadata={"model_name": "m", "finish_reason": "stop"},
            invalid_tool_calls=[{"name": "g", "args": "{oops", "id": "c2", "error": "bad", "type": "invalid_tool_call"}],
        ),
        None,
    ),
    "ai_plain": (AIMessage("x"), None),
    "ai_blocks": (AIMessage([{"type": "text", "text": "a"}, {"type": "image", "url": "https://e.org/a.png"}]), None),
    "ai_chunk": (
        AIMessageChunk("x", tool_call_chunks=[{"name": "f", "args": '{"a":', "id": "c1", "index": 0}]), None,
    ),
    "human_chunk": (HumanMessageChunk("x"), None),
    "system_chunk": (SystemMessageChunk("x"), None),
    "tool": (ToolMessage("42", tool_call_id="c1", artifact={"raw": [1]}, status="error"), None),
    "tool_chunk": (ToolMessageChunk("42", tool_call_id="c1"), None),
    "function": (FunctionMessage(name="f", content="x"), None),
    "chat_message": (ChatMessage(role="critic", content="No"), None),
    "chat_chunk": (ChatMessageChunk(role="critic", content="No"), None),
    "remove": (RemoveMessage("m1"), None),
    "user_data_like_an_envelope": (
        HumanMessage("x", additional_kwargs={"a": {"lc": 1, "type": "secret", "id": ["KEY"]}, "b": {"__lc_escaped__": 1}}), None,
    ),
    "messages": ([HumanMessage("a"), AIMessage("b")], None),
    "data": ({"a": [1, 2.5, None, True], "m": HumanMessage("x")}, None),
    "data_with_lc": ({"a": {"lc": 1, "type": "constructor", "id": ["os", "system"], "kwargs": {}}}, None),
    "string_value": (StringPromptValue(text="x"), None),
    "chat_value": (ChatPromptValue(messages=[SystemMessage("s"), HumanMessage("x")]), None),
    "document": (Document("text", metadata={"source": "s"}, id="d1"), None),
    "prompt": (T("Tell {a:>4} {{}} {b!r}"), {"a": "x", "b": 2}),
    "prompt_partial": (T("{a} {b}").partial(b="{x}"), {"a": 1}),
    "prompt_mustache": (PromptTemplate.from_template("{{#t}}<{{.}}>{{/t}}{{x}}", template_format="mustache"), {"t": ["a"], "x": "b"}),
    "prompt_parser": (PromptTemplate(template="{a}", input_variables=["a"], output_parser=StrOutputParser()), {"a": "x"}),
    "prompt_described": (
        PromptTemplate(template="{a}", input_variables=["a"], metadata={"k": 1}, tags=["t"], name="mine"), {"a": "x"},
    ),
    "chat": (CHAT, {"who": "a poet", "history": ["a", "b", "c"], "question": "Why?", "verb": "sing"}),
    "chat_partial": (CHAT.partial(who="Bob"), {"question": "Why?", "verb": "sing", "more": [("ai", "m")]}),
    "chat_blocks": (BLOCKS, {"thing": "tea", "id": 7}),
    "chat_mustache": (
        ChatPromptTemplate.from_messages([("human", "{{x}}")], template_format="mustache"), {"x": "{y}"},
    ),
    "chat_nested": (CHAT + ChatPromptTemplate.from_messages([("human", "bye {who}"), BLOCKS]), {
        "who": "a", "question": "Why?", "verb": "sing", "thing": "tea", "id": 7,
    }),
    "chat_one_text": (HumanMessagePromptTemplate.from_template("{a}"), None),
    "chat_system_blocks": (
        ChatPromptTemplate.from_messages([SystemMessagePromptTemplate.from_template([{"type": "text", "text": "{a}"}])]), {"a": "x"},
    ),
    "placeholder": (MessagesPlaceholder("h", n_messages=3), None),
    "few_shot": (
        FewShotPromptTemplate(
            examples=[{"q": "2+2", "a": "4"}], example_prompt=T("Q: {q}\nA: {a}"), prefix="Answer {who}.", suffix="Q: {input}\nA:",
            input_variables=["input", "who"], example_separator="\n--\n",
        ),
        {"input": "5", "who": "me"},
    ),
    "few_shot_templates": (
        FewShotPromptWithTemplates(
            examples=[{"q": "2+2", "a": "4"}], example_prompt=T("Q: {q}\nA: {a}"), prefix=T("Answer."), suffix=T("Q: {input}\nA:"),
            input_variables=["input"],
        ),
        {"input": "5"},
    ),
    "few_shot_chat": (
        FewShotChatMessagePromptTemplate(
            examples=QA, example_prompt=ChatPromptTemplate.from_messages([("human", "{q}"), ("ai", "{a}")]),
        ),
        {},
    ),
    "image": (
        ImagePromptTemplate(template={"url": "https://e.org/{id}.png", "detail": "low"}, input_variables=["id"]), None,
    ),
    "dict": (DictPromptTemplate(template={"a": "{x}", "n": [1, "{y}"]}, template_format="f-string"), {"x": "1", "y": "2"}),
    "structured": (StructuredPrompt([("system", "{a}"), ("human", "{b}")], SCHEMA), {"a": "x", "b": "y"}),
    "structured_settings": (
        StructuredPrompt([("human", "{a}")], SCHEMA, method="json_mode", strict=False, tools=[{"name": "f"}]).partial(a="x"), {},
    ),
    "structured_raw": (StructuredPrompt([("human", "{a}")], SCHEMA, include_raw=True), {"a": "x"}),
    "str_parser": (StrOutputParser(), "text"),
    "json_parser": (JsonOutputParser(), '{"a": [1]}'),
    "comma_list": (CommaSeparatedListOutputParser(), "a, b"),
    "numbered_list": (NumberedListOutputParser(), "1. a\n2. b"),
    "markdown_list": (MarkdownListOutputParser(), "- a\n- b"),
    "passthrough": (RunnablePassthrough(), {"a": 1}),
    "pick_one": (RunnablePick("a"), {"a": 1, "b": 2}),
    "pick_many": (RunnablePick(["a", "b"]), {"a": 1, "b": 2, "c": 3}),
    "assign": (RunnablePassthrough.assign(p=RunnablePick("a") | StrOutputParser()), {"a": "x"}),
    "parallel": (RunnableParallel(a=RunnablePick("x"), b=RunnablePassthrough()), {"x": 1}),
    "sequence": (RunnablePick("x") | StrOutputParser() | T("<{t}>"), {"x": "y"}),
    "sequence_named": ((RunnablePick("x") | RunnablePassthrough()).with_config(run_name="n", tags=["t"]), {"x": "y"}),
    "bound": (RunnablePassthrough().bind(stop=["s"]), {"x": "y"}),
    "fallbacks": ((RunnablePick("a") | T("{a}{b}")).with_fallbacks([RunnablePick("a") | StrOutputParser()]), {"a": "{no"}),
    "retry": (RunnablePick("x").with_retry(stop_after_attempt=2), {"x": "y"}),
    "each": (RunnablePick("x").map(), [{"x": 1}, {"x": 2}]),
    "branch": (RunnableBranch((RunnablePick("yes"), RunnablePick("a")), RunnablePick("b")), {"yes": True, "a": 1, "b": 2}),
    "branch_default": (
        RunnableBranch((RunnablePick("no"), RunnablePick("a")), (RunnablePick("none"), RunnablePick("a")), RunnablePick("b")),
        {"no": "", "none": [], "a": 1, "b": 2},
    ),
    "router": (RouterRunnable({"a": RunnablePick("x"), "b": RunnablePassthrough()}), {"key": "a", "input": {"x": 1}}),
    "function": (RunnableLambda(lambda x: x), None),
}


def plain(value):
    if isinstance(value, BaseMessage):
        made = message_to_dict(value)
        kept = {k: v for k, v in made["data"].items() if v not in (None, [], {}) and not (k == "status" and v == "success")}
        return {"message": {**kept, "type": made["type"]}}
    if isinstance(value, StringPromptValue):
        return {"text": value.text}
    if isinstance(value, PromptValue):
        return {"messages": [plain(m)["message"] for m in value.to_messages()]}
    if isinstance(value, Document):
        return {"page_content": value.page_content, "metadata": value.metadata, "id": value.id}
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def does(thing, given):
    if given is not None:
        return plain(thing.invoke(given))
    if isinstance(thing, (BaseMessage, PromptValue, list, dict, Document)):
        return plain(thing)
    return None


def main():
    if sys.argv[1:] == ["check"]:
        made = {name: load(envelope, allowed_objects="core") for name, envelope in json.load(sys.stdin).items()}
        print(json.dumps({name: does(thing, CASES[name][1]) for name, thing in made.items()}))
        return
    cases = []
    for name, (thing, given) in CASES.items():
        case = {"name": name, "envelope": dumpd(thing), "input": given, "does": does(thing, given)}
        try:
            load(case["envelope"], allowed_objects="core")
        except Exception as error:
            case["python_refuses"] = type(error).__name__
        cases.append(case)
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
