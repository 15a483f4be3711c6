"""What the pages say can be typed, followed and found."""

import re
import shlex
from pathlib import Path

import click
import pytest

from nypower.cli import main
from nypower.cli.up import USUAL_PORTS, _address
from nypower.config import UpSettings
from nypower.core.carbon import BASES, FACTOR_SETS, INDEX_BANDS
from nypower.core.fuels import KNOWN
from nypower.embedded.limits import Limits

from .pages import PAGES, ROOT, anchors, commands, name_of, text, without_code


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of the project finds it, and every anchor its heading."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), f"{name_of(page)} links to {target}"
        assert not anchor or anchor in anchors(there), f"{name_of(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_exist(page: Path) -> None:
    """Whatever a page says to make can be made."""
    there = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    said = re.findall(r"(?:^    |`)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    assert set(said) <= there


def test_the_two_commands_are_there() -> None:
    """The README says to make what a new user needs, and the help knows it too."""
    assert {"    make run\n", "    make test\n"} <= {f"{each}\n" for each in lines("README.md")}
    for target in ("run", "demo", "install", "test", "check", "bench", "docs"):
        assert re.search(rf"^{target}:.*## ", text("Makefile"), re.MULTILINE), target


def lines(name: str) -> list[str]:
    """A page line by line."""
    return text(name).splitlines()


def typed() -> list[tuple[str, list[str]]]:
    """Every line with `nypower` in a page, and the words after it."""
    found = []
    for page in PAGES:
        for line in commands(page):
            match = re.match(r"(?:[A-Z_]+=\S+ )*(?:\S*/)?nypower ([a-z].*)", line)
            if match and "[OPTIONS]" not in line:
                found.append((f"{name_of(page)}: {line}", shlex.split(match[1], comments=True)))
    return found


@pytest.mark.parametrize("words", [pytest.param(words, id=line) for line, words in typed()])
def test_commands_and_options_exist(words: list[str]) -> None:
    """What a page says to type is a command of ours, with options it has."""
    context = click.Context(main)
    command = main.get_command(context, words[0])
    assert command is not None, words[0]
    known = {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)}
    assert {word.split("=")[0] for word in words[1:] if word.startswith("--")} <= known


def test_there_are_commands_to_check() -> None:
    """The tests above look at every command that a reader meets first."""
    seen = {words[0] for _, words in typed()}
    assert seen >= {"up", "pump", "archive", "web", "twin", "export", "tail"}


def test_the_readme_says_what_up_says() -> None:
    """The line of address is the one that `up` prints, with its usual ports."""
    assert f"    {_address(UpSettings(), USUAL_PORTS)}\n" in text("README.md")


def test_the_readme_asks_for_the_right_python() -> None:
    """As pyproject.toml and the set-up script have it."""
    assert 'requires-python = ">=3.11"' in text("pyproject.toml")
    assert "(3, 11) <= sys.version_info[:2] <= (3, 14)" in text("scripts/make-venv")
    assert "Python 3.11 to 3.14" in text("README.md")
    assert "Python 3.11 to 3.14" in text("CONTRIBUTING.md")


def test_the_picture_is_light() -> None:
    """A PNG of less than 150 kB."""
    picture = (ROOT / "docs" / "images" / "page.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 150_000


def numbers(cell: str) -> list[float]:
    """The numbers of a table's cell."""
    return [float(each) for each in re.findall(r"[\d.]+", cell.replace(",", ""))]


@pytest.mark.parametrize("name", FACTOR_SETS)
def test_the_method_has_every_factor(name: str) -> None:
    """The table of a factor set has the numbers that are counted with, to a tenth."""
    section = text("docs/method.md").split(f"### `{name}`")[1].split("\n#")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in section.splitlines()]
    said = {row[0]: [numbers(cell) for cell in row[1:3]] for row in rows if len(row) == 4}
    others = said.pop("the other four", None)
    if others is not None:
        names = ("Other Renewables", "Nuclear", "Hydro", "Wind")
        said |= {each: [[0.0], [grams]] for each, grams in zip(names, others[1], strict=True)}
    for fuel in KNOWN:
        for basis, cell in zip(BASES, said[fuel], strict=True):
            assert cell == [pytest.approx(FACTOR_SETS[name].factors[basis][fuel], abs=0.05)], fuel


def test_the_method_has_the_bands() -> None:
    """Each bound of the index with its word."""
    section = " ".join(text("docs/method.md").split())
    for bound, word in INDEX_BANDS:
        assert re.search(rf"below {bound:g} \*{word}\*", section), word


def test_operations_has_the_bounds_of_the_door() -> None:
    """What a reader may do, in the numbers that the door counts with."""
    limits, said = Limits(), " ".join(text("docs/operations.md").split())
    assert f"packets ({limits.packet_bytes // 1024} kB)" in said
    assert f"({limits.requests_per_second} a second, {limits.request_burst} at once)" in said
    assert f"connections ({limits.connections:,})" in said
    assert f"within {limits.connect_seconds:g} seconds" in said
    assert f"lying for {limits.stall_seconds:g}" in said


WRITTEN = ("*.md", "*.py", "*.toml", "*.yaml", "*.sh", "*.conf", "*.js", "*.html", "*.css", "*.txt")
LEFT_OUT = {".venv", "node_modules", "static", "build", "dist", "data"}


def test_nothing_names_somebodys_machine() -> None:
    """No file has a path that exists on one machine alone."""
    homes = re.compile(r"/(?:home|Users|work|root)/\w+|/tmp/\w+|[A-Z]:\\")
    for pattern in WRITTEN:
        for path in ROOT.rglob(pattern):
            parts = path.relative_to(ROOT).parts
            if LEFT_OUT.isdisjoint(parts) and not any(part.startswith(".") for part in parts):
                assert not homes.search(path.read_text(encoding="utf-8")), path
