"""The brokers that `up` brings along, behind the door, which runs in a thread of its own."""

import asyncio
import os
import signal
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from nypower.embedded.broker import ChildBroker
from nypower.embedded.door import Door, DoorSettings, Limits

HOST = "127.0.0.1"


class LoopThread:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any], seconds: float = 30) -> Any:
        """The result of ``work``, done on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    def close(self) -> None:
        """End the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class BehindDoor:
    """A broker of `up` and the door before it. ``limits`` are the door's."""

    def __init__(self, kind: type[ChildBroker], folder: Path, limits: Limits | None = None) -> None:
        self.broker = kind(folder / "broker")
        self.passwords = self.broker.passwords
        self.version = self.broker.writer_version
        self._limits = limits or Limits()
        self._loop: LoopThread | None = None
        self.door: Door | None = None
        self.mqtt_port = self.ws_port = 0

    @property
    def url(self) -> str:
        """Where the writers connect."""
        return self.broker.writers_url

    def start(self) -> None:
        """Start the broker, and the door where it does not stand already."""
        self.broker.start()
        if self.door is None:
            self._loop = LoopThread()
            self.door = self._loop.run(self._open())
            self.mqtt_port, self.ws_port = self.door.mqtt_port, self.door.ws_port

    async def _open(self) -> Door:
        door = Door(DoorSettings(HOST, 0, 0, self.broker.upstreams, self._limits))
        await door.start()
        return door

    def stop(self) -> None:
        """End both."""
        if self.door and self._loop:
            self._loop.run(self.door.stop())
            self._loop.close()
            self.door = None
        self.broker.stop()

    def kill(self) -> None:
        """Kill the broker in mid-work; the door stays."""
        assert self.broker.pid
        os.kill(self.broker.pid, signal.SIGKILL)
        self.broker.stop()
