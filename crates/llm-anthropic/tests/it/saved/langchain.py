"""Writes langchain.json: models of langchain-anthropic as `dumpd` writes them, and what they send when they are asked "Hi".

    pip install langchain-anthropic==1.7.7 && python langchain.py

With the argument `check` it reads envelopes, one JSON object `{name: envelope}`, from standard input instead, loads each,
and prints what they send in the same form.
"""

import json
import os
import pathlib
import sys
import warnings

os.environ["ANTHROPIC_API_KEY"] = "sk-test"

from langchain_anthropic import ChatAnthropic
from langchain_core.load import dumpd, load

warnings.simplefilter("ignore")

BASE = "http://127.0.0.1:1"
MODEL = "claude-haiku-4-5"

CASES = {
    "plain": ChatAnthropic(model=MODEL, base_url=BASE, max_tokens=77),
    "settings": ChatAnthropic(
        model=MODEL, base_url=BASE, max_tokens=77, temperature=0.5, top_k=3, stop=["x"], timeout=30, max_retries=1,
        model_kwargs={"service_tier": "auto"}, inference_geo="eu", name="mine",
    ),
    "thinking": ChatAnthropic(
        model=MODEL, base_url=BASE, max_tokens=2048, thinking={"type": "enabled", "budget_tokens": 1024}, betas=["b-1"],
    ),
}


def sends(model) -> dict:
    """The body of the request, but for its input."""
    body = model._get_request_payload("Hi")
    body.update(body.pop("extra_body", None) or {})
    return {k: v for k, v in body.items() if k not in ("messages", "betas")}


def main():
    if sys.argv[1:] == ["check"]:
        read = {name: load(envelope, allowed_objects="all") for name, envelope in json.load(sys.stdin).items()}
        print(json.dumps({name: sends(thing) for name, thing in read.items()}))
        return
    cases = [{"name": name, "envelope": dumpd(thing), "sends": sends(thing)} for name, thing in CASES.items()]
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
