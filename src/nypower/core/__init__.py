"""The grid, pure: no input, no output, no asking for the time."""
