"""Why a server ended before it answered, in words that help."""

from __future__ import annotations

import re

_DEBIAN_PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
    "libgcc_s.so.1": "libgcc-s1",
}
_MISSING_LIBRARY = re.compile(r"error while loading shared libraries: ([^\s:]+)")
_OLD_SYSTEM = re.compile(r"version `(GLIBC\w*_[\d.]+)' not found")
_NEWEST_OUTPUT = 20_000
_ILLEGAL_INSTRUCTION = -4
_DIRECTORY_IN_USE = 100
"""mongod's own exit code."""

_OWN_SERVER = "or run your own server and set USHER_MONGODB_URL and USHER_REDIS_URL"


def explain(name: str, code: int, output: str) -> str:
    """``output`` is what the program wrote; only its end counts, the rest may be years old."""
    newest = output[-_NEWEST_OUTPUT:]
    missing = _MISSING_LIBRARY.findall(newest)
    if code == 127 and missing:
        return f"{name} cannot start: {_install(missing[-1])}; {_OWN_SERVER}"
    old = _OLD_SYSTEM.findall(newest)
    if code != 0 and old:
        return f"{name} cannot start: this system is too old for it ({old[-1]} is missing); {_OWN_SERVER}"
    if code == _ILLEGAL_INSTRUCTION:
        return f"{name} cannot start: this processor lacks instructions it needs (AVX); {_OWN_SERVER}"
    if code == _DIRECTORY_IN_USE:
        return f"{name} cannot start: another process uses its data directory"
    last = newest.strip().splitlines()[-1:]
    return f"{name} ended with code {code} before it answered" + (f": {last[0][:500]}" if last else "")


def _install(library: str) -> str:
    missing = f"the shared library {library} is missing"
    package = _DEBIAN_PACKAGES.get(library)
    if package:
        return f"{missing}; install the package {package} (apt-get install {package})"
    return f"{missing}; install the package that contains it (apt-file search {library})"
