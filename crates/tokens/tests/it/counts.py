"""Writes counts.json: what tiktoken and langchain-openai count.

    pip install langchain-openai==1.7.4 tiktoken==0.14.0 pillow && python counts.py
"""

import base64
import io
import json
import pathlib
import warnings

import tiktoken
from langchain_core.messages import AIMessage, ChatMessage, FunctionMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.load import dumpd
from langchain_openai import ChatOpenAI
from PIL import Image

warnings.simplefilter("ignore")

MODELS = ["gpt-4o", "gpt-4o-mini-2024-07-18", "gpt-4", "gpt-3.5-turbo-0301", "gpt-3.5-turbo", "gpt-4.1-nano", "gpt-5-mini", "o1", "o3-mini", "o4-mini-2025-04-16"]
TEXTS = [
    "", "a", "hello world", "Hello, world! How are you today?", "antidisestablishmentarianism", "  leading and trailing  ",
    "naïve café — “quotes” …", "日本語のテキストです。", "Привет, мир", "👩‍👩‍👧‍👦 family 🎉", "def f(x):\n    return x ** 2\n", "1234567890 3.14159",
    "{\"a\": [1, 2, {\"b\": null}]}", "\t\n\r\n \u00a0", "<|endoftext|> stays text", "A" * 200, "word " * 300, "can't won't I'LL",
]


def image(width, height, form):
    data = io.BytesIO()
    Image.new("RGB", (width, height)).save(data, form)
    return f"data:image/{form.lower()};base64," + base64.b64encode(data.getvalue()).decode()


def picture(url, **more):
    return HumanMessage([{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url, **more}}])


CALL = {"name": "get_weather", "args": {"city": "Paris", "days": 3}, "id": "call_abc123", "type": "tool_call"}
CONVERSATIONS = {
    "none": [],
    "one": [HumanMessage("Hi")],
    "two": [SystemMessage("You are a helpful assistant."), HumanMessage("Tell me about tea.")],
    "named": [HumanMessage("Hi", name="Ann"), AIMessage("Hello Ann", name="bot")],
    "empty": [HumanMessage("")],
    "blocks": [HumanMessage([{"type": "text", "text": "a b"}, {"type": "text", "text": "c"}])],
    "tools": [HumanMessage("Weather?"), AIMessage("", tool_calls=[CALL, {**CALL, "id": "c2"}]), ToolMessage("sunny", tool_call_id="call_abc123")],
    "function": [FunctionMessage(name="f", content="42")],
    "role": [ChatMessage(role="critic", content="Too long")],
    "developer": [SystemMessage("Be brief", additional_kwargs={"__openai_role__": "developer"})],
    "low": [picture("https://e.org/a.png", detail="low")],
    "png": [picture(image(300, 200, "PNG"))],
    "wide": [picture(image(3000, 500, "PNG"), detail="high")],
    "tall": [picture(image(800, 2500, "GIF"))],
    "jpeg": [picture(image(1024, 1024, "JPEG"))],
    "webp": [picture(image(1200, 900, "WEBP"))],
}


def main():
    texts = [{"text": text, **{name: len(tiktoken.get_encoding(name).encode(text, disallowed_special=())) for name in ("o200k_base", "cl100k_base", "p50k_base", "r50k_base")}} for text in TEXTS]
    conversations = []
    for name, messages in CONVERSATIONS.items():
        counts = {model: ChatOpenAI(model=model, api_key="-").get_num_tokens_from_messages(messages) for model in MODELS}
        conversations.append({"name": name, "messages": dumpd(messages), "counts": counts})
    models = {model: tiktoken.encoding_for_model(model).name for model in [*MODELS, "text-embedding-3-small", "davinci-002", "text-davinci-003", "ft:gpt-4o:acme::1"]}
    lines = ",\n".join(json.dumps(line) for line in conversations)
    whole = '{"models": %s,\n"texts": [%s],\n"conversations": [\n%s\n]}\n' % (json.dumps(models), ",\n".join(json.dumps(text) for text in texts), lines)
    json.loads(whole)
    pathlib.Path(__file__).with_suffix(".json").write_text(whole)


main()
