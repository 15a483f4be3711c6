"""A stage is made by each test, at the moment it wants, and cleared when it is over."""

from collections.abc import Callable, Iterator

import pytest

from services.world import Stage


@pytest.fixture
def stage_at() -> Iterator[Callable[..., Stage]]:
    """``stage_at("2026-07-04T12:00")``: the feed's time begins then, UTC."""
    stages: list[Stage] = []

    def make(*args: object, **named: object) -> Stage:
        stages.append(Stage(*args, **named))  # type: ignore[arg-type]
        return stages[-1]

    yield make
    for stage in stages:
        stage.close()
