"""A stand-in for mis.nyiso.com: its paths, headers, clock, growth of files, and faults."""
