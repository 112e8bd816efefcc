"""A child on a leash dies with its parent, however the parent dies."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def leash() -> Callable[[], None] | None:
    """What the child runs between fork and exec. Only Linux has such a thing.

    SIGKILL, because it leaves nothing to chance: mongod's journal and our own writes survive it.
    The library is loaded before the fork, where loading is safe.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def hold() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # The parent died before the leash was on.
            os._exit(1)

    return hold
