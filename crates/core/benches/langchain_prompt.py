"""Times LangChain's prompts with the templates of prompt.rs.

Needs langchain-core from PyPI. Prints microseconds per call, the best of 200 short runs.
"""

import timeit

from langchain_core.prompts import ChatPromptTemplate, PromptTemplate

PLAIN = (
    "You are {role}. Answer {user} in {language}: what is {topic}? "
    "Use at most {words} words."
)
FORMATTED = "{role:>12}|{user!r}|{language:^9}|{topic:.3}|{words:06,d}"
VALUES = {
    "role": "a librarian",
    "user": "Ann",
    "language": "French",
    "topic": "a sonnet",
    "words": 120,
}


def microseconds(call) -> float:
    # Short runs, many times: the best of them was not interrupted.
    calls = 100
    return min(timeit.repeat(call, number=calls, repeat=200)) / calls * 1e6


def main() -> None:
    plain = PromptTemplate.from_template(PLAIN)
    formatted = PromptTemplate.from_template(FORMATTED)
    chat = ChatPromptTemplate.from_messages(
        [("system", "You are {role}."), ("human", PLAIN)]
    )
    cases = {
        "five variables, format": lambda: plain.format(**VALUES),
        "five variables, invoke": lambda: plain.invoke(VALUES),
        "five variables with formats, format": lambda: formatted.format(**VALUES),
        "five variables in two messages, format_messages": lambda: chat.format_messages(
            **VALUES
        ),
        "parsing": lambda: PromptTemplate.from_template(PLAIN),
    }
    for name, call in cases.items():
        print(f"{name}: {microseconds(call):.2f} us")


if __name__ == "__main__":
    main()
