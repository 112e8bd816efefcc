"""Builds everything. The only place that chooses implementations; the API and the workers share it.

A new domain is a file here beside its neighbours, and a line in ``services.py``.
"""

from app.bootstrap.live import build_live_listener, build_live_server
from app.bootstrap.services import Services, build

__all__ = ["Services", "build", "build_live_listener", "build_live_server"]
