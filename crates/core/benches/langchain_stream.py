"""Times LangChain's streaming parsers with the answers of json_stream.rs.

Needs langchain-core from PyPI. Each answer is read twice, and the better time counts.
"""

import time

from langchain_core.output_parsers import JsonOutputParser, XMLOutputParser

SIZES = (1_500, 3_000, 6_000)


def records(size: int) -> str:
    text = "```json\n["
    number = 0
    while len(text) < size:
        text += (
            f'{{"id": {number}, "title": "The \\"long\\" road", "tags": ["a", "b"], '
            f'"ok": true}},'
        )
        number += 1
    return text[:-1] + "]\n```"


def films(size: int) -> str:
    film = (
        "<film><title>The &quot;long&quot; road</title>"
        "<cast><name>Al</name><name>Bo</name></cast></film>"
    )
    return "<films>" + film * (size // len(film)) + "</films>"


def milliseconds(parser, answer: str) -> float:
    pieces = [answer[at : at + 4] for at in range(0, len(answer), 4)]
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        for _ in parser.transform(iter(pieces)):
            pass
        best = min(best, time.process_time() - start)
    return best * 1e3


def main() -> None:
    cases = (
        ("JsonOutputParser, records", JsonOutputParser(), records),
        ("XMLOutputParser, films", XMLOutputParser(parser="xml"), films),
    )
    for name, parser, answer in cases:
        times = [milliseconds(parser, answer(size)) for size in SIZES]
        shown = ", ".join(
            f"{size / 1000:g} KB {ms:.0f} ms" for size, ms in zip(SIZES, times)
        )
        growth = times[2] / times[1]
        # A hundred times as much is twice as much log2(100) times.
        ratio = growth**6.644
        print(
            f"LangChain's {name}: {shown}; twice as much takes {growth:.1f} times as long, "
            f"so 1 MB about {ratio:.0f} times as long as 10 KB"
        )


if __name__ == "__main__":
    main()
