"""The project's own Markdown, and what stands in it."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
GENERATED = ("topics.md", "settings.md")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    """A page as it is called here, such as ``docs/stream.md``."""
    return page.relative_to(ROOT).as_posix()


def text(name: str) -> str:
    """A page's text."""
    return (ROOT / name).read_text(encoding="utf-8")


def fenced(name: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return [body for tongue, body in _FENCE.findall(text(name)) if tongue == language]


def commands(page: Path) -> Iterator[str]:
    """What a reader types, and what is answered: indented lines, and words in backticks."""
    prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for line in prose.splitlines():
        if line.startswith("    "):
            yield line.strip()
        else:
            yield from re.findall(r"`([^`]+)`", line)


def without_code(page: Path) -> str:
    """The prose of a page: what is neither in a block nor between backticks."""
    prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
    lines = (line for line in prose.splitlines() if not line.startswith("    "))
    return re.sub(r"(?<!\[)`[^`\n]*`(?!\])", "", "\n".join(lines))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", page.read_text()), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).replace(" ", "-")
        for heading in headings
    }
