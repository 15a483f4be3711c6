"""`nypower up`: from its start to the first value on the page, and the memory of all of it.

    python bench/up.py

The feed is a simulated grid that runs already, in another process, at a real clock's speed. A
browser is open and asks for the page until it is there; then it waits for the headline's
number. Each start has a new data directory, as a first one has: 24 hours are filled in
meanwhile. The last one goes on for a minute with its page open, and then the proportional
set sizes (PSS) of all its processes are added up. Browser and feed are not counted: they are
not its own. Aims: 3 s, 160 MB.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

from common import HOST, chromium, table
from nypower.embedded.child import Child
from nypower.embedded.showing import NYPOWER
from servers.waiting import free_port, listens, wait_until

STARTS = 3
SETTLE_SECONDS = 60
NUMBER = "() => Number.parseFloat(document.querySelector('#value')?.textContent) > 0"


@contextmanager
def feed(folder: Path) -> Iterator[str]:
    """A simulated grid in a process of its own."""
    port = free_port()
    process = Child(
        "twin", [*NYPOWER, "twin", "--simulate", "--port", str(port)], [port], folder / "twin.log"
    )
    process.start()
    try:
        yield f"http://{HOST}:{port}"
    finally:
        process.stop()


@contextmanager
def up(feed_url: str, data: Path, ports: list[int]) -> Iterator[subprocess.Popen[bytes]]:
    """`nypower up` on these ports (http, mqtt, ws), stopped as Ctrl-C would."""
    names = ("http", "mqtt", "ws")
    more = [
        text for pair in zip(names, ports, strict=True) for text in (f"--{pair[0]}", str(pair[1]))
    ]
    with (data.parent / "up.log").open("ab") as log:
        process = subprocess.Popen(
            [*NYPOWER, "up", "--feed", feed_url, "--data", str(data), *more], stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def first_value(page: Any, begin: float, port: int) -> tuple[float, float]:
    """Seconds until the page's port listens, and until it shows a number."""
    wait_until(lambda: listens(port), "the page's port", 60)
    listening = time.monotonic() - begin
    page.goto(f"http://{HOST}:{port}/")
    page.wait_for_function(NUMBER, timeout=60_000)
    return listening, time.monotonic() - begin


def memory(pid: int) -> list[tuple[str, float]]:
    """Name and PSS in MB of a process and of all below it."""
    found = []
    for each in _tree(pid):
        with suppress(OSError):
            told = re.search(
                r"^Pss: +(\d+) kB", Path(f"/proc/{each}/smaps_rollup").read_text(), re.MULTILINE
            )
            command = Path(f"/proc/{each}/cmdline").read_text().split("\0")
            found.append((_name(command), int(told[1]) / 1000 if told else 0.0))
    return found


def _name(command: list[str]) -> str:
    if "nypower" in command:
        return "nypower " + command[command.index("nypower") + 1]
    if "-m" in command:
        return command[command.index("-m") + 1]
    return Path(command[0]).name


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _tree(int(child))


def main() -> None:
    """Start it a few times, and look at the memory of the last."""
    if not Path("/proc/self/smaps_rollup").exists():
        sys.exit("left out: only Linux tells the PSS of a process")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url = stack.enter_context(feed(folder))
        browser = stack.enter_context(chromium())
        times = []
        for start in range(STARTS):
            page = browser.new_page()
            ports = [free_port() for _ in range(3)]
            begin = time.monotonic()
            with up(url, folder / f"data-{start}", ports) as process:
                times.append(first_value(page, begin, ports[0]))
                if start == STARTS - 1:
                    time.sleep(SETTLE_SECONDS)
                    parts = memory(process.pid)
            page.close()
    report(times, parts)


def report(times: list[tuple[float, float]], parts: list[tuple[str, float]]) -> None:
    """Print both tables."""
    listening, value = (median(column) for column in zip(*times, strict=True))
    rows = [
        ("", "seconds", "aim"),
        ("the page's port listens", f"{listening:.2f}", ""),
        ("the page shows a number", f"{value:.2f}", "< 3"),
    ]
    table(f"nypower up, first start, median of {STARTS}", rows)
    guards = [size for name, size in parts if name == "sh"]
    shown = sorted([part for part in parts if part[0] != "sh"], key=lambda part: -part[1])
    shown.append((f"{len(guards)} guards (sh)", sum(guards)))
    total = sum(size for _, size in parts)
    table(
        f"Its memory after {SETTLE_SECONDS} s with a page open",
        [
            ("", "PSS, MB", "aim"),
            *((name, f"{size:.1f}", "") for name, size in shown),
            ("all", f"{total:.1f}", "< 160"),
        ],
    )


if __name__ == "__main__":
    main()
