"""The parts of ``up`` that are processes: kept running, each on its own."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from ..core.errors import GAVE_UP, NyPowerError

T = TypeVar("T")

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 30.0
STEADY_SECONDS = 60.0
"""A part that ran this long is started again at once when it dies."""

BAD_SETTINGS = 2
"""The exit status of a part that cannot use its settings, such as a port that is another's."""

WORKED_SECONDS = 10.0
"""A part that ran this long had settings that it could use."""


class Process(Protocol):
    """What can be started again: a ``Child`` or a broker."""

    def start(self) -> None: ...
    def alive(self) -> bool: ...
    def stop(self) -> None: ...


class Part:
    """One process, started again when it dies, ever more slowly while it keeps dying.

    ``gave_up`` is told, and it stays ended, when ``exit_status`` says that it was refused,
    or that it could not use its settings and never could.
    """

    def __init__(
        self,
        name: str,
        process: Process,
        exit_status: Callable[[], int | None] = lambda: None,
        gave_up: Callable[[], None] = lambda: None,
    ) -> None:
        self.name, self.process = name, process
        self._exit_status, self._gave_up = exit_status, gave_up
        self._wait = FIRST_WAIT_SECONDS
        self._started = 0.0
        self._worked = False

    async def start(self) -> None:
        """Start it; raises what its process raises."""
        await asyncio.to_thread(self.process.start)
        self._started = time.monotonic()

    async def tend(self) -> None:
        """Start it again whenever it dies, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.process.alive():
                self._worked |= time.monotonic() - self._started > WORKED_SECONDS
                continue
            status = self._exit_status()
            if status == GAVE_UP or (status == BAD_SETTINGS and not self._worked):
                self._gave_up()
                return
            if time.monotonic() - self._started > STEADY_SECONDS:
                self._wait = FIRST_WAIT_SECONDS
            log.warning("%s has ended; starting it again in %.1f s", self.name, self._wait)
            await asyncio.sleep(self._wait)
            self._wait = min(2 * self._wait, LONGEST_WAIT_SECONDS)
            try:
                await self.start()
            except (NyPowerError, OSError) as error:  # a full disk, say: it may pass
                log.warning("%s: %s", self.name, error)

    async def stop(self) -> None:
        """End it."""
        await asyncio.to_thread(self.process.stop)


class Parts:
    """Parts that begin and end together."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = list(parts)
        self._tending: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start all, and keep them running."""
        await asyncio.gather(*(part.start() for part in self._parts))
        self._tending = [asyncio.create_task(part.tend()) for part in self._parts]

    async def stop(self) -> None:
        """End all at once."""
        for task in self._tending:
            task.cancel()
        await asyncio.gather(*self._tending, return_exceptions=True)
        await asyncio.gather(*(part.stop() for part in self._parts))


async def aside(work: Callable[[], T]) -> T:
    """What ``work`` gives, from a thread that holds up nobody's end, however long it hangs."""
    result: Future[T] = Future()
    result.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result.set_result(work())
        except Exception as error:
            result.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(result)


async def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(LOOK_SECONDS / 5)
    return True
