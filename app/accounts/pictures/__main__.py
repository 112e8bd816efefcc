"""The process that touches an uploaded file: standard input to standard output, then it ends.

A decoder that is led astray finds no memory, no time, no secrets in its environment and no other person's
picture. Exit code 3 means refused, with the reason on standard output.
"""

from __future__ import annotations

import resource
import sys

from app.accounts.pictures.contents import Refused, look_through
from app.accounts.pictures.redraw import redraw

REFUSED = 3
_CPU_SECONDS = 10


def main(max_bytes: int, max_pixels: int, memory: int) -> int:
    _bound(memory)
    data = sys.stdin.buffer.read(max_bytes + 1)
    try:
        drawn = redraw(data, look_through(data, max_pixels))
    except Refused as refused:
        sys.stdout.write(refused.reason)
        return REFUSED
    except Exception:
        # Whatever a decoder stumbles over, the file is to blame.
        sys.stdout.write("broken")
        return REFUSED
    sys.stdout.buffer.write(drawn)
    return 0


def _bound(memory: int) -> None:
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (limit, limit))


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:4])))
