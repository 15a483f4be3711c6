"""Asking a feed what it is, in a process of its own."""

import asyncio
import json
import sys

from ..core.origin import Kind, Origin
from .child import environ_without_settings
from .showing import NYPOWER

GRACE_SECONDS = 1.0


async def ask(feed: str, within: float) -> Origin | str:
    """What the feed is, or why it cannot be read; after ``within`` seconds at the most."""
    process = await asyncio.create_subprocess_exec(
        *NYPOWER,
        "probe",
        feed,
        "--within",
        str(within),
        stdout=asyncio.subprocess.PIPE,
        stderr=sys.stderr,
        env=environ_without_settings(),
        start_new_session=True,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), within + GRACE_SECONDS)
        said = json.loads(output)
    except TimeoutError:
        return f"{feed} did not answer within {within:.0f} s"
    except ValueError:
        return f"{feed} could not be asked"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if "reason" in said:
        return str(said["reason"])
    return Origin(Kind(said["kind"]), said["span"])
