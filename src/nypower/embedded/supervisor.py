"""The story of ``up``: a broker and its door, then one feed's parts, until it is stopped.

With the feed `auto` and nothing measured at hand, a feed that cannot be read gives way to a
simulated grid, and comes back as soon as it answers. A feed that was named never does.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from ..config import LIVE_FEED, UpSettings
from ..core.errors import Refused
from ..core.origin import Kind, Origin
from .broker import ChildBroker
from .child import LOOPBACK, Child, free_ports
from .door import Door
from .expiry import Expiry
from .parts import Part, Parts, aside, until
from .places import why_not
from .probing import ask
from .showing import NYPOWER, Showing, Surroundings, environment

FIRST_ASK_SECONDS = 10.0
ASK_AGAIN_SECONDS = 30.0
READY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class House:
    """The broker that ``up`` brings along. The door and, where the broker knows no expiry,
    what does its work are made once it runs."""

    broker: ChildBroker
    door: Callable[[], Door]
    expiry: Callable[[], Expiry | None]


@dataclass(frozen=True, slots=True)
class Outset:
    """What is stored already when ``up`` begins: whether any of it may be live data, and the
    origin of each store that holds some."""

    measured: bool
    origins: tuple[Origin, ...]


class Supervisor:
    """Everything on one machine. ``say`` tells the person what is going on."""

    def __init__(
        self,
        settings: UpSettings,
        surroundings: Callable[[], Surroundings],
        outset: Callable[[], Outset],
        *,
        house: House | None,
        address: Callable[[], str],
        say: Callable[[str], None],
    ) -> None:
        """``surroundings`` is asked once, when the broker runs and has its ports. ``outset``
        may take its time: it is asked in a thread."""
        self._settings, self._surroundings, self._outset = settings, surroundings, outset
        self._house, self._address, self._say = house, address, say
        self._around: Surroundings | None = None
        self._parts: Parts | None = None
        self._feed = LIVE_FEED if settings.feed == "auto" else settings.feed
        self._showing: Showing | None = None
        self._unsure = False
        self._stop = asyncio.Event()
        self._gave_up = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set; raises ``NyPowerError`` where it cannot begin, or a part
        was refused, so that starting it again would not help."""
        self._stop = stop
        async with contextlib.AsyncExitStack() as stack:
            choosing = asyncio.create_task(self._choose())
            stack.callback(choosing.cancel)
            await self._open_house(stack)
            stack.push_async_callback(self._end_parts)
            await self._or_stopped(choosing)
            if not stop.is_set():
                await self._show(choosing.result())
            if not stop.is_set():
                self._say(self._address())
                await self._or_stopped(asyncio.create_task(self._follow()))
        if self._gave_up:
            raise Refused(f"{self._gave_up} was refused, as it says above: stopping")

    async def _open_house(self, stack: contextlib.AsyncExitStack) -> None:
        """The broker, if we bring one, the door before it, and what keeps it tidy."""
        if self._house is None:
            return
        broker = Parts([Part("the broker", self._house.broker)])
        stack.push_async_callback(broker.stop)
        await broker.start()
        door = self._house.door()
        await door.start()
        stack.push_async_callback(door.stop)
        if expiry := self._house.expiry():
            expiry.start()
            stack.push_async_callback(asyncio.to_thread, expiry.stop)

    async def _end_parts(self) -> None:
        if self._parts:
            await self._parts.stop()

    async def _or_stopped(self, work: "asyncio.Task[object]") -> None:
        """Wait for the work, or for the end; raises what the work raised."""
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not work.done():
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        elif not work.cancelled() and (error := work.exception()):
            raise error

    # --- what to show -------------------------------------------------------------------

    async def _choose(self) -> Showing:
        auto = self._settings.feed == "auto"
        outset = await aside(self._outset)
        if auto and outset.measured:
            return Showing(self._feed, Origin(Kind.LIVE))
        if auto:
            self._say(f"Looking for NYISO at {self._feed} …")
        answer = await ask(self._feed, FIRST_ASK_SECONDS)
        if isinstance(answer, Origin):
            return Showing(self._feed, answer)
        self._unsure = True
        if auto:
            self._say(f"NYISO cannot be reached ({answer}): showing a simulated grid until it can.")
            (port,) = free_ports(1)
            return Showing(f"http://{LOOPBACK}:{port}", Origin(Kind.SIMULATED))
        self._say(f"The feed cannot be read ({answer}): showing what is stored, and trying on.")
        known = [origin for origin in outset.origins if origin.kind is not Kind.SIMULATED]
        return Showing(self._feed, known[0] if len(known) == 1 else Origin(Kind.LIVE))

    async def _follow(self) -> None:
        """Ask a feed that did not answer again and again, and change over when it does."""
        while self._unsure:
            await asyncio.sleep(ASK_AGAIN_SECONDS)
            answer = await ask(self._feed, FIRST_ASK_SECONDS)
            if isinstance(answer, Origin):
                self._unsure = False
                showing = Showing(self._feed, answer)
                if showing != self._showing:
                    self._say(f"The feed answers: changing over to {answer.kind.value} data.")
                    await self._show(showing)
        await asyncio.Event().wait()

    # --- showing it ---------------------------------------------------------------------

    async def _show(self, showing: Showing) -> None:
        """Put one feed's parts in the place of another's."""
        if self._parts:
            await self._parts.stop()
        self._around = around = self._around or self._surroundings()
        variables = environment(self._settings, around, showing)
        children = {
            name: Child(name, [*NYPOWER, name], environ=each) for name, each in variables.items()
        }
        parts = [self._part(name, child) for name, child in children.items()]
        if self._settings.feed == "auto" and showing.origin.kind is Kind.SIMULATED:
            port = showing.feed.rsplit(":", 1)[1]
            command = [*NYPOWER, "twin", "--simulate", "--port", port]
            log = self._settings.data / "simulated-grid.log"
            parts.append(Part("the simulated grid", Child("twin", command, log=log)))
        self._parts, self._showing = Parts(parts), showing
        await self._parts.start()
        await self._page(children["web"], around.http)

    async def _page(self, web: Child, port: int) -> None:
        """Wait until our web listens, or for the end; raises ``Refused`` if it does not."""
        host = self._settings.host

        def listens() -> bool:
            return web.alive() and why_not(host, port) != ""

        if not await until(lambda: self._stop.is_set() or listens(), READY_SECONDS):
            raise Refused(f"the page did not come up on {host} port {port}")

    def _part(self, name: str, child: Child) -> Part:
        def exit_status() -> int | None:
            # The pump is refused, too, by a feed that is not yet known to be of another kind.
            return None if self._unsure and name == "pump" else child.exit_status

        def gave_up() -> None:
            self._gave_up = f"the {name}"
            self._stop.set()

        return Part(f"the {name}", child, exit_status, gave_up)
