"""Retained values past their lifetime, cleared where the broker does not do it.

A writer of MQTT 5 gives each message its expiry and the broker forgets it in time. Writers of
3.1.1 cannot, so beside such a broker this remembers when each retained value came and takes
away what nobody refreshed. What was there before it connected counts from then.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ..core.errors import BadMessage
from ..core.origin import ROOTS
from ..messages import QOS, Writer, row_of
from .admission import WRITER_PREFIX

log = logging.getLogger(__name__)

SWEEP_SECONDS = 60.0


class Expiry:
    """Clears what is too old, through a writer's account. ``now`` is in seconds."""

    def __init__(self, url: str, password: str, now: Callable[[], float] = time.monotonic) -> None:
        self._url, self._now = urlsplit(url), now
        self._due: dict[str, float] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep_on, name="expiry", daemon=True)
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            f"{WRITER_PREFIX}expiry-{secrets.token_hex(16)}",
            protocol=paho.MQTTv311,
        )
        self._client.username_pw_set(Writer.ARCHIVE, password)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Connect, go on trying, and sweep every minute, in threads of its own."""
        self._client.connect_async(self._url.hostname or "", self._url.port or 1883, keepalive=30)
        self._client.loop_start()
        self._sweeper.start()

    def stop(self) -> None:
        """Disconnect and end the threads."""
        self._stopped.set()
        self._sweeper.join()
        self._client.disconnect()
        self._client.loop_stop()

    def due(self) -> dict[str, float]:
        """When the retained values it watches are past their lifetime, by full topic."""
        with self._lock:
            return dict(self._due)

    def sweep(self) -> list[str]:
        """Clear what is past its lifetime; the topics that were."""
        now = self._now()
        with self._lock:
            past = [topic for topic, due in self._due.items() if due <= now]
            for topic in past:
                del self._due[topic]
        for topic in past:
            log.info("%s: not refreshed within its lifetime, cleared", topic)
            self._client.publish(topic, b"", qos=QOS, retain=True)
        return past

    def _sweep_on(self) -> None:
        while not self._stopped.wait(SWEEP_SECONDS):
            if self._client.is_connected():
                self.sweep()

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        client.subscribe([(f"{root}/#", QOS) for root in ROOTS.values()])

    def _on_message(self, _: paho.Client, __: Any, message: paho.MQTTMessage) -> None:
        lifetime = _lifetime(message.topic)
        if lifetime is None:
            return
        with self._lock:
            if message.payload:
                self._due[message.topic] = self._now() + lifetime
            else:
                self._due.pop(message.topic, None)


def _lifetime(topic: str) -> int | None:
    """Seconds that a retained value of a full topic stays; None where it is none of ours."""
    _, _, relative = topic.partition("/")
    try:
        return row_of(relative).expiry
    except BadMessage:
        return None
