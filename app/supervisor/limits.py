"""How many files and sockets a process may have open."""

from __future__ import annotations

import resource

MOST = 65_536
"""Each watcher of the live news is one. The usual limit of 1024 is for programs that use ``select``."""


def raise_open_files() -> int:
    """As many as the system allows without asking anybody; the number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft
