"""``python -m nypower``: how the parts of ``nypower up`` are started."""

from .cli import main

main(prog_name="nypower")
