"""`nypower up` as a person runs it: a process, its parts, what it stores and says."""

import csv
import io
import json
import re
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import psutil

from nypower.adapters.sqlite import SqliteStore
from nypower.core.clock import rfc3339
from nypower.core.errors import StoreUnavailable
from servers.waiting import free_port, wait_until

NYPOWER = [sys.executable, "-m", "nypower"]
STOP_SECONDS = 20.0


class Household:
    """One `nypower up` on ports of its own. ``words`` is what it said so far."""

    def __init__(self, data: Path, *options: str, command: list[str] | None = None) -> None:
        self.data = data
        self._log = data.with_name(data.name + ".log")
        self.http, self.mqtt, self.ws = free_port(), free_port(), free_port()
        ports = ["--http", self.http, "--mqtt", self.mqtt, "--ws", self.ws]
        self._command = [*(command or NYPOWER), "up", "--data", data, *ports, *options]
        self._process: subprocess.Popen[bytes] | None = None
        self._tails: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Household":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for tail in self._tails:
            tail.terminate()
            tail.wait()

    @property
    def words(self) -> str:
        """Everything it has said."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def page(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.http}/"

    def start(self) -> None:
        """Start it and wait until it says where it is."""
        said = self._addresses()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(each) for each in self._command], stdout=log, stderr=log
            )
        wait_until(lambda: self._runs() and self._addresses() > said, "nypower up", 40)

    def stop(self) -> int:
        """Stop it as Ctrl-C does; its exit status. Nothing of it is left."""
        process = self._process
        if process is None:
            return 0
        family = [*self._family(), psutil.Process(process.pid)] if process.poll() is None else []
        process.send_signal(signal.SIGINT)
        code = process.wait(STOP_SECONDS)
        self._process = None
        wait_until(lambda: not any(_runs(each) for each in family), "all parts to end")
        return code

    def part(self, *words: str) -> psutil.Process:
        """The process of a part, by words of its command line, such as ``pump``."""

        def find() -> psutil.Process | None:
            for process in self._family():
                line = process.cmdline() if _runs(process) else []
                if all(any(word in each for each in line[1:]) for word in words):
                    return process
            return None

        return wait_until(find, f"a process of {words}")

    def kill(self, *words: str) -> None:
        """Kill a part and wait until another stands in its place."""
        dead = self.part(*words)
        dead.kill()
        wait_until(lambda: self.part(*words).pid != dead.pid, f"{words} to be started again")

    def stored(self, kind: str = "replay") -> datetime | None:
        """The archive's position."""
        suffix = "" if kind == "live" else f"-{kind}"
        store = SqliteStore(str(self.data / f"ny-power{suffix}.db"), read_only=True)
        try:
            return store.position("fuel-mix")
        except StoreUnavailable:
            return None
        finally:
            store.close()

    def tail(self, output: Path) -> None:
        """Write the steps and their results to a file from now on, as JSON lines."""
        topics = ("upstream/#", "history/#", "computed/#", "status/#")
        address = f"mqtt://127.0.0.1:{self.mqtt}"
        with output.open("wb") as file:
            command = [*NYPOWER, "tail", *topics, "--json", "--broker", address]
            self._tails.append(subprocess.Popen(command, stdout=file))
        wait_until(lambda: output.stat().st_size > 0, "the first message")

    def export(self, series: str, start: datetime, end: datetime) -> list[dict[str, str]]:
        """Rows of `nypower export`, start inclusive, end exclusive."""
        span = ["--from", rfc3339(start), "--to", rfc3339(end)]
        output = subprocess.run(
            [*NYPOWER, "export", series, "--data", str(self.data), *span],
            check=True,
            capture_output=True,
        ).stdout
        return list(csv.DictReader(io.StringIO(output.decode())))

    def _runs(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.words
        return True

    def _addresses(self) -> int:
        """How often it has said where it is."""
        return len(re.findall(r"ny-power is at http://127.0.0.1:\d+", self.words))

    def _family(self) -> list[psutil.Process]:
        assert self._process is not None
        return psutil.Process(self._process.pid).children(recursive=True)


def messages(output: Path) -> list[dict[str, object]]:
    """What `tail` wrote, without a last line that it is still writing."""
    whole = output.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
