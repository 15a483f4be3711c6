"""The New York power grid as an open event stream."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("nypower")
except PackageNotFoundError:  # read from a source tree that was never installed
    __version__ = "0+unknown"
