"""`nypower twin`: a stand-in for mis.nyiso.com, replaying real files or simulating a grid."""

import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ..core.catalog import FUEL_MIX
from ..core.clock import eastern, parse_moment
from ..twin.faults import Fault, FaultKind, parse_fault
from ..twin.growth import Source
from ..twin.library import Library
from ..twin.replies import Habits
from ..twin.simulate import SimulatedGrid
from ..twin.standin import Twin


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_moment(text)
    except ValueError as error:
        raise click.BadParameter(f"no moment such as 2017-11-05T00:00: {error}") from None


def _faults(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[Fault, ...]:
    try:
        return tuple(parse_fault(text) for text in texts)
    except ValueError as error:
        raise click.BadParameter(f"{error} (there are {', '.join(FaultKind)})") from None


@click.command()
@click.option(
    "--replay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Serve the real files found anywhere below this directory.",
)
@click.option("--simulate", is_flag=True, help="Make up a plausible grid.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8099, show_default=True, help="The port; 0 takes a free one.")
@click.option(
    "--from",
    "begin",
    metavar="MOMENT",
    callback=_moment,
    help="Where the feed's time begins: New York time, or with an offset. Default: now.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="How many times faster than a real clock the feed's time runs.",
)
@click.option("--seed", default=0, show_default=True, help="Another simulated grid.")
@click.option(
    "--delay",
    type=click.FloatRange(min=0),
    default=FUEL_MIX.publication_delay.total_seconds(),
    show_default=True,
    help="Seconds from a stamp to its publication.",
)
@click.option(
    "--ranges/--no-ranges", default=True, help="Whether the server honours range requests."
)
@click.option(
    "--validators/--no-validators", default=True, help="Whether it honours conditional requests."
)
@click.option(
    "--fault",
    "faults",
    metavar="KIND[:ARG][@WHEN]",
    multiple=True,
    callback=_faults,
    help="Something to do wrong, such as 500:3@2017-11-05T02:00; docs/twin.md has them all.",
)
def twin(
    *,
    replay: Path | None,
    simulate: bool,
    host: str,
    port: int,
    begin: datetime | None,
    speed: float,
    seed: int,
    delay: float,
    ranges: bool,
    validators: bool,
    faults: tuple[Fault, ...],
) -> None:
    """A stand-in for mis.nyiso.com, for trying things out without a network."""
    source, what = _source(replay, simulate, seed)
    if begin is None:
        if replay:
            raise click.UsageError("--replay needs --from: the moment the replay begins with.")
        begin = datetime.now(UTC)
    served = Twin(
        source,
        begin,
        speed=speed,
        host=host,
        port=port,
        delay=timedelta(seconds=delay),
        habits=Habits(ranges, validators),
    )
    for fault in faults:
        served.faults.add(fault)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        served.start()
    except OSError as error:
        raise click.UsageError(f"cannot listen on {host} port {port}: {error.strerror}") from None
    click.echo(f"{what} from {eastern(begin):%Y-%m-%d %H:%M %Z}, speed {speed:g}: {served.url}")
    stop.wait()
    served.stop()


def _source(replay: Path | None, simulate: bool, seed: int) -> tuple[Source, str]:
    if (replay is None) == (not simulate):
        raise click.UsageError("Say either --replay DIR or --simulate.")
    if replay is None:
        return SimulatedGrid(seed), "A simulated grid"
    library = Library(replay)
    if FUEL_MIX.file not in library.files:
        raise click.UsageError(f"There is no {FUEL_MIX.file} file of NYISO's below {replay}.")
    return library, "A replay of NYISO's files"
