"""What holds for every test: no network but loopback, skips that are counted, and the same
examples in every run."""

import ipaddress
import os
import sys
from collections.abc import Iterator

import hypothesis
import pytest

NO_SKIPS = "NYPOWER_NO_SKIPS"
"""Set where everything a test needs is installed: a skip is then a failure."""


def _refuse_the_outside(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if not isinstance(address, tuple):
        return  # a socket of the file system
    try:
        host = ipaddress.ip_address(str(address[0]).partition("%")[0])
    except ValueError:
        return  # a name: what it resolves to comes here again
    if not host.is_loopback:
        raise RuntimeError(f"a test wants to reach {address}")


sys.addaudithook(_refuse_the_outside)

# `--hypothesis-profile=default` looks for examples that nobody has seen yet.
hypothesis.settings.register_profile("ny-power", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("ny-power")


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of whoever runs the tests decides nothing in them."""
    for name in [name for name in os.environ if name.startswith("NYPOWER_")]:
        if name not in (NO_SKIPS, "NYPOWER_NYISO_DATA"):
            monkeypatch.delenv(name)
    return


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that skipped something where nothing may be."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if skipped and os.environ.get(NO_SKIPS) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
