"""Imports point inward, importing does nothing, and New York time is known in one place."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[1] / "src"
PACKAGE = SRC / "nypower"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "node_modules" not in path.parts)

MAY_IMPORT = {
    "core": {"core"},
    "codec": {"core"},
    "messages": {"core", "codec"},
    "ports": {"core", "messages"},
    "config": {"core"},
    "adapters": {"core", "messages", "ports"},
    "services": {"core", "messages", "ports"},
    "web": {"core", "messages", "ports", "config"},
    "twin": {"core"},
    "embedded": {"core", "messages", "config"},
    "cli": {
        "core", "messages", "ports", "config", "adapters", "services", "web", "twin", "embedded",
    },
    "__main__": {"cli"},
    "__init__": set(),
}  # fmt: skip
"""Which rooms a room may import beside itself; anyone may ask the package for its version."""

OTHERS_LIBRARIES = {
    "core/clock.py": {"pytz"},
    "core": set(),
    "codec": set(),
    "messages": set(),
    "ports": set(),
    "config": set(),
    "services": set(),
    "twin": set(),
}
"""What the pure rooms may use beyond the standard library; the other rooms choose freely."""

CHOOSES = "adapters/stores.py"
"""The one adapter that knows others: it opens the store that an address names."""


def name_of(path: Path) -> str:
    """A file as it is called here, such as ``core/clock.py``."""
    return path.relative_to(PACKAGE).as_posix()


def room_of(name: str) -> str:
    """The room a file stands in: the folder, or the file itself beside the folders."""
    return name.split("/")[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Every module a file imports anywhere, with names of the package as ``nypower.room…``."""
    here = ["nypower", *path.relative_to(PACKAGE).with_suffix("").parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [] if not node.level else here[: -node.level]
            whole = ".".join([*base, *((node.module or "").split(".") if node.module else [])])
            # `from . import x` may name a module or a thing of the package's own.
            yield from (f"{whole}.{alias.name}" for alias in node.names)


def ours(path: Path) -> set[tuple[str, ...]]:
    """The parts of this package that a file imports, as (room, module, …)."""
    parts = {tuple(each.split(".")[1:]) for each in imported(path) if each.startswith("nypower.")}
    return {each for each in parts if each[0] != "__version__"}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_inward(path: Path) -> None:
    """A file imports its own room and those that its room may know."""
    room = room_of(name_of(path))
    assert {each[0] for each in ours(path)} <= MAY_IMPORT[room] | {room}


def family(name: str) -> str:
    """``adapters/nyiso/http.py`` and ``adapters/mqtt.py`` are of the families nyiso and mqtt."""
    return name.split("/")[1].removesuffix(".py")


@pytest.mark.parametrize(
    "path", [each for each in FILES if name_of(each).startswith("adapters/")], ids=name_of
)
def test_adapters_know_no_other_adapters(path: Path) -> None:
    """Each stands alone but for the one that chooses."""
    known = {each[1] for each in ours(path) if each[0] == "adapters"}
    if name_of(path) != CHOOSES:
        assert known <= {family(name_of(path))}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_pure_rooms_use_no_libraries(path: Path) -> None:
    """The standard library is enough for them, and pytz for the clock."""
    name = name_of(path)
    allowed = OTHERS_LIBRARIES.get(name, OTHERS_LIBRARIES.get(room_of(name)))
    if allowed is not None:
        roots = {each.split(".")[0] for each in imported(path)}
        assert roots - sys.stdlib_module_names - {"nypower"} <= allowed


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_new_york_time_is_known_in_one_place(path: Path) -> None:
    """Neither pytz nor the zone's name stands anywhere but in core/clock.py."""
    text = path.read_text()
    if name_of(path) != "core/clock.py":
        assert "pytz" not in text
        assert "New_York" not in text
        assert "zoneinfo" not in text


ASKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}


def askings(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls that ask this machine what time of day it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and last_two(node.func) in ASKS:
            yield node


def last_two(called: ast.expr) -> str:
    """``datetime.now`` of whatever stands before it."""
    return ".".join(ast.unparse(called).split(".")[-2:])


def in_defaults(tree: ast.AST) -> set[ast.AST]:
    """All that stands in the default value of an argument."""
    defaults = (
        default
        for node in ast.walk(tree)
        if isinstance(node, ast.arguments)
        for default in (*node.defaults, *node.kw_defaults)
        if default is not None
    )
    return {inner for default in defaults for inner in ast.walk(default)}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_now_is_passed_in(path: Path) -> None:
    """The time of day is asked in the defaults of arguments and by the command line only."""
    if room_of(name_of(path)) == "cli":
        return
    tree = ast.parse(path.read_text())
    allowed = in_defaults(tree)
    assert [call.lineno for call in askings(tree) if call not in allowed] == []


IMPORT_ALL = """
import importlib, os, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto",
                 "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn",
                 "os.mkdir", "os.remove", "os.rename", "sqlite3.connect", "signal.pthread_kill",
                 "_thread.start_new_thread", "_thread.start_joinable_thread"):
        raise RuntimeError(f"{event}{arguments!r:.200}")
    if event == "open":
        _, mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        if writes or (isinstance(mode, str) and set(mode) & set("wax+")):
            raise RuntimeError(f"open{arguments!r:.200}")

sys.addaudithook(refuse)
for name in sys.argv[1:]:
    importlib.import_module(name)
    print(name)
"""


def test_importing_does_no_io() -> None:
    """Every module can be imported where sockets, processes, threads and writing are barred."""
    names = [
        ".".join(("nypower", *path.relative_to(PACKAGE).with_suffix("").parts))
        for path in FILES
        if path.name != "__main__.py"
    ]
    names = [name.removesuffix(".__init__") for name in names]
    run = subprocess.run(
        [sys.executable, "-B", "-c", IMPORT_ALL, *names],
        env={"PYTHONPATH": str(SRC), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.stderr == ""
    assert run.stdout.split() == names


def test_the_bar_holds() -> None:
    """What bars the modules above from I/O does bar them."""
    for act in ("import socket; socket.create_connection(('127.0.0.1', 9))", "open('x', 'w')"):
        program = IMPORT_ALL.replace("sys.addaudithook(refuse)", f"sys.addaudithook(refuse)\n{act}")
        run = subprocess.run(
            [sys.executable, "-B", "-c", program],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "RuntimeError" in run.stderr


def test_every_room_is_in_the_table() -> None:
    """A new room gets its line here, and is thought about."""
    assert {room_of(name_of(path)) for path in FILES} <= MAY_IMPORT.keys()
