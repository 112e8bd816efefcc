"""One folder for the metrics of all processes, so that whichever answers ``/metrics`` speaks for all."""

from __future__ import annotations

import shutil
from pathlib import Path


def shared_metrics(data_dir: Path) -> dict[str, str]:
    """Emptied at each start: counts are since then. The variable is prometheus-client's own."""
    directory = data_dir / "metrics"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return {"PROMETHEUS_MULTIPROC_DIR": str(directory.resolve())}
