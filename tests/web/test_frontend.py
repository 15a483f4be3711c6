"""The browser's logic without a browser: its own tests, run by node."""

import shutil
import subprocess

import pytest

from nypower.web.bundle import STATIC

FRONTEND = STATIC.parent / "frontend"


def test_node_tests() -> None:
    """All of frontend/test passes."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    tests = sorted(map(str, (FRONTEND / "test").glob("*.test.js")))
    done = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(tests) >= 6
