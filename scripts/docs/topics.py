"""docs/topics.md, made from ``nypower.messages``."""

from collections.abc import Iterator

from nypower.core.origin import ROOTS
from nypower.messages import DAY, QOS, TOPICS, WEEK, Topic

from .contract import LEVELS, NOTES, OPEN_LEVELS, example, levels, said
from .schema import fields_of, words

_ROOTS = ", ".join(f"`{root}/` ({kind.value})" for kind, root in ROOTS.items())

HEAD = f"""\
# Topics

<!-- Made from src/nypower/messages.py by `make docs`; change it there. -->

Every topic stands under the root of its kind of data: {_ROOTS}.
QoS is {QOS}. A payload is JSON, but for the topics whose payload is a word. Numbers are numbers,
what is missing is null and never zero, times are RFC 3339 in UTC (`2018-02-09T11:05:00Z`), and
`ts` is NYISO's own stamp, never shifted or rounded. Under the two roots that are not live, each
JSON payload has `kind` too. Fields may be added, never renamed or retyped: be prepared for more
topics and fields. [stream.md](stream.md) says how to use them, [asyncapi.yaml](asyncapi.yaml)
says the same to programs.

A topic that is retained gives its last value to whoever subscribes. The lifetime is the backstop:
a broker forgets a value that nobody has renewed for so long. The fuel mix is *instantaneous* at
its `ts`, and so is the intensity computed from it. The examples are of one reading, of 9 February
2018, 06:05 in New York.
"""


def topics_page() -> str:
    """The page."""
    parts = [
        HEAD, "## All of them\n", *_table(), "\n## Levels\n", *_levels(), "\n## Payloads",
    ]  # fmt: skip
    shown: dict[type, Topic] = {}
    for row in TOPICS:
        parts += _payload(row, shown)
    return "\n".join(parts) + "\n"


def _table() -> Iterator[str]:
    yield "| topic | what | written by | retained for |"
    yield "|---|---|---|---|"
    for row in TOPICS:
        link = f"[`{row.pattern}`](#{_anchor(row)})"
        yield f"| {link} | {row.summary} | {row.writer.value} | {_lifetime(row)} |"


def _lifetime(row: Topic) -> str:
    if row.expiry is None:
        return "not retained"
    return {DAY: "a day", WEEK: "a week"}.get(row.expiry, f"{row.expiry} s")


def _levels() -> Iterator[str]:
    yield "| level | what | may be |"
    yield "|---|---|---|"
    for name, (what, values) in LEVELS.items():
        if name != "root":
            more = ", …" if name in OPEN_LEVELS else ""
            yield f"| `{{{name}}}` | {what} | {', '.join(f'`{each}`' for each in values)}{more} |"


def _anchor(row: Topic) -> str:
    """As GitHub makes it from the heading."""
    kept = (letter for letter in row.pattern.lower() if letter.isalnum() or letter in "-_ ")
    return "".join(kept)


def _payload(row: Topic, shown: dict[type, Topic]) -> Iterator[str]:
    yield f"\n### {row.pattern}\n" if not levels(row) else f"\n### `{row.pattern}`\n"
    yield f"{row.summary} Written by the {row.writer.value}; {_kept(row)}.\n"
    if isinstance(row.payload, tuple):
        yield f"The payload is a word: {' or '.join(f'`{each.decode()}`' for each in row.payload)}."
        return
    first = shown.setdefault(row.payload, row)
    if first is not row:
        yield f"The payload is that of [`{first.pattern}`](#{_anchor(first)})."
        return
    yield f"{said(row.payload)}\n"
    yield "| field | is a | what |"
    yield "|---|---|---|"
    for name, hint in fields_of(row.payload).items():
        yield f"| `{name}` | {words(hint)} | {NOTES[name]} |"
    yield f"\n    {example(row).decode()}"


def _kept(row: Topic) -> str:
    return "not retained" if row.expiry is None else f"retained for {_lifetime(row)}"
