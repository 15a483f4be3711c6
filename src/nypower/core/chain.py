"""The position: up to where everything is stored, without a hole.

Each step that travels names ``prev``, the stamp before it in the feed. Between the two the
feed has nothing, so a step whose ``prev`` is at or before the position moves it.
"""

from datetime import datetime


def advance(through: datetime | None, prev: datetime | None, ts: datetime) -> datetime | None:
    """The position after storing the step ``ts``, from the position ``through`` before it.

    Only the first step of a backlog has ``prev`` None and so may start a chain; a step
    outside the chain leaves the position where it was.
    """
    if through is None:
        return ts if prev is None else None
    if prev is not None and prev <= through < ts:
        return ts
    return through
