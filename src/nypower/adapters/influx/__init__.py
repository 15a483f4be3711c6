"""The history in InfluxDB 1.x, through its `influxdb` client.

``points`` says what a record looks like there, ``server`` talks to it and names its faults,
``store`` tells the story.
"""

from .store import InfluxStore

__all__ = ["InfluxStore"]
