"""Run every benchmark, one after another: ``make bench``, or ``python bench/all.py``.

Each is a program of its own, that can be run alone, and is given some minutes at the most.
What one of them needs and does not find is said in its place.
"""

import signal
import subprocess
import sys
from pathlib import Path

PROGRAMS = ("day_file", "parse", "http_bytes", "page_bytes", "up", "readers", "stores")
MOST_SECONDS, LAST_SECONDS = 300, 30


def run(name: str) -> bool:
    """Run one to its end; one that takes too long is asked to clean up, as by Ctrl-C."""
    print(f"\n{name}.py", flush=True)
    process = subprocess.Popen([sys.executable, str(Path(__file__).with_name(f"{name}.py"))])
    try:
        return process.wait(MOST_SECONDS) == 0
    except subprocess.TimeoutExpired:
        print(f"{name}.py has not come to its end within {MOST_SECONDS} s", flush=True)
    finally:
        _end(process)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(LAST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> None:
    """Run all; the exit status is 1 where one failed or was left out."""
    failed = [name for name in PROGRAMS if not run(name)]
    if failed:
        sys.exit(f"\nnot measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
