"""``python -m scripts.docs``: writes the pages that are made from the code.

With ``--check`` it writes nothing, names those that are not as the code says, and ends with
exit status 1 if there are any.
"""

import sys
from pathlib import Path

from .asyncapi import asyncapi
from .settings import settings_page
from .topics import topics_page
from .yaml_text import to_yaml

DOCS = Path(__file__).resolve().parents[2] / "docs"
MADE = "# Made from src/nypower/messages.py by `make docs`; change it there.\n"


def pages() -> dict[str, str]:
    """Each page's text by its name."""
    return {
        "asyncapi.yaml": MADE + to_yaml(asyncapi()),
        "settings.md": settings_page(),
        "topics.md": topics_page(),
    }


def stale() -> list[str]:
    """The pages that are not what the code says."""
    return [
        name
        for name, text in pages().items()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Write the pages, or check them."""
    if sys.argv[1:] == ["--check"]:
        old = stale()
        sys.stderr.writelines(f"docs/{name} is not what the code says: make docs\n" for name in old)
        return 1 if old else 0
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
