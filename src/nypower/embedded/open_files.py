"""How many files this process may have open: a connection is one, and the default is small."""

import resource


def allow_open_files(wanted: int) -> int:
    """Let this process and its children to come have ``wanted`` open files, as far as the
    system lets it; returns how many it has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        soft = limit
    return wanted if soft == resource.RLIM_INFINITY else soft
