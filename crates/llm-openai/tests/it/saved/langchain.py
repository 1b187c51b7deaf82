"""Writes langchain.json: models of langchain-openai as `dumpd` writes them, and what they send when they are asked "Hi".

    pip install langchain-openai==1.7.3 && python langchain.py

With the argument `check` it reads envelopes, one JSON object `{name: envelope}`, from standard input instead, loads each,
and prints what they send in the same form.
"""

import json
import os
import pathlib
import sys
import warnings

os.environ["OPENAI_API_KEY"] = "sk-test"

from langchain_core.load import dumpd, load
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import PromptTemplate
from langchain_openai import ChatOpenAI, OpenAI

warnings.simplefilter("ignore")

BASE = "http://127.0.0.1:1/v1"
TOOL = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}
SCHEMA = {"title": "P", "description": "d", "type": "object", "properties": {"a": {"type": "string"}}}

CASES = {
    "chat": ChatOpenAI(model="gpt-4o-mini", temperature=0.9, base_url=BASE),
    "chat_settings": ChatOpenAI(
        model="gpt-4o-mini", base_url=BASE, max_tokens=5, timeout=30, max_retries=1, stop=["a"], n=2, seed=3, top_p=0.5,
        presence_penalty=0.1, frequency_penalty=0.2, logprobs=True, top_logprobs=2, logit_bias={"1": 2},
        model_kwargs={"user": "u"}, extra_body={"k": {"l": 1}}, organization="o", service_tier="flex", store=True,
        disabled_params={"parallel_tool_calls": None}, include_response_headers=True, verbosity="low", tags=["t"],
        output_version="v1", use_responses_api=False, name="mine",
    ),
    "chat_reasons": ChatOpenAI(model="o3-mini", base_url=BASE, reasoning_effort="low", max_tokens=7),
    "chat_headers": ChatOpenAI(model="m", base_url=BASE, default_headers={"X-Team": "blue"}, default_query={"c": "d"}),
    "chat_in_a_chain": PromptTemplate.from_template("{a}") | ChatOpenAI(model="m", base_url=BASE) | StrOutputParser(),
    "chat_with_tools": ChatOpenAI(model="m", base_url=BASE).bind_tools([TOOL], tool_choice="any"),
    "chat_with_schema": ChatOpenAI(model="gpt-4o-mini", base_url=BASE).with_structured_output(SCHEMA).steps[0],
    "text": OpenAI(temperature=0.9, base_url=BASE),
    "text_settings": OpenAI(
        model="gpt-3.5-turbo-instruct", base_url=BASE, temperature=0.1, max_tokens=3, best_of=2, logit_bias={"1": 1},
        seed=1, logprobs=2, batch_size=3, timeout=30, model_kwargs={"echo": True},
    ),
    "text_in_a_chain": PromptTemplate.from_template("{a}") | OpenAI(base_url=BASE, max_tokens=9) | StrOutputParser(),
}


def sends(thing) -> dict:
    """The body of the request, but for its input."""
    bound = {}
    for step in getattr(thing, "steps", [thing]):
        if hasattr(step, "bound"):
            step, bound = step.bound, step.kwargs
        if isinstance(step, ChatOpenAI):
            body = step._get_request_payload("Hi", **bound)
        elif isinstance(step, OpenAI):
            body = {**step._invocation_params, **bound}
    body.update(body.pop("extra_body", None) or {})
    return {k: v for k, v in body.items() if k not in ("messages", "stream", "ls_structured_output_format")}


def main():
    if sys.argv[1:] == ["check"]:
        read = {name: load(envelope, allowed_objects="all") for name, envelope in json.load(sys.stdin).items()}
        print(json.dumps({name: sends(thing) for name, thing in read.items()}))
        return
    cases = [{"name": name, "envelope": dumpd(thing), "sends": sends(thing)} for name, thing in CASES.items()]
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
