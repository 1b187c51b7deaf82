"""Times LangChain's streaming parsers with the answers of json_stream.rs.

Needs langchain-core from PyPI. Sizes double until a parser has used up its share of the time; each answer is read
twice, and the better time counts.
"""

import math
import time

from langchain_core.output_parsers import JsonOutputParser, XMLOutputParser

SIZES = (375, 750, 1_500, 3_000, 6_000, 12_000)
# Seconds for each parser.
SHARE = 8.0


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


def measure(parser, answer) -> list[tuple[int, float]]:
    """Sizes in bytes and times, as many as fit into the share."""
    measured: list[tuple[int, float]] = []
    begin = time.process_time()
    for size in SIZES:
        text = answer(size)
        measured.append((len(text), milliseconds(parser, text)))
        used = time.process_time() - begin
        # The next one may take four times as long, twice.
        if used + 2 * 4 * measured[-1][1] / 1e3 > SHARE:
            break
    return measured


def main() -> None:
    cases = (
        ("JsonOutputParser, records", JsonOutputParser(), records),
        ("JsonOutputParser.diff, records", JsonOutputParser(diff=True), records),
        ("XmlOutputParser, films", XMLOutputParser(parser="xml"), films),
    )
    for name, parser, answer in cases:
        measured = measure(parser, answer)
        shown = ", ".join(f"{size / 1000:.1f} KB {ms:.1f} ms" for size, ms in measured)
        (small, fast), (large, slow) = measured[0], measured[-1]
        exponent = math.log(slow / fast) / math.log(large / small)
        print(
            f"LangChain's {name}: {shown}: grows with the length to the power of "
            f"{exponent:.2f}, so 1 MB about {100**exponent:.0f} times as long as 10 KB"
        )


if __name__ == "__main__":
    main()
