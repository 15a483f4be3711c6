"""The child process of the embedded broker: ``python -m nypower.embedded.rumqttd_child CONFIG``.

Only the extension module of ``iotcore`` is loaded: the package around it brings asyncio and a
client, which cost as much memory again as the broker (26 MB instead of 14).
"""

import importlib.util
import logging
import sys
from importlib.machinery import PathFinder
from types import ModuleType

PACKAGE, EXTENSION = "iotcore", "iotcore.iotcore"


def load() -> ModuleType:
    """The extension module; raises ``ImportError`` where there is none."""
    package = importlib.util.find_spec(PACKAGE)
    folders = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec(EXTENSION, folders) if folders else None
    if spec is None or spec.loader is None:
        raise ImportError(f"no module named {EXTENSION}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    # rumqttd logs each packet as an error.
    logging.disable()
    load().IotCoreBroker(config_path=sys.argv[1]).run_forever()
