"""``make bench``: measures everything the speed goals speak of, against baselines on the same machine."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import machine, report
from bench.cases.bookings import bookings
from bench.cases.lines import calls, joins
from bench.cases.reads import availability
from bench.cases.sale import sale
from bench.cases.seats import seats
from bench.cases.sold_out import sold_out
from bench.cases.sweep import sweep
from bench.cases.watchers import watchers
from bench.rig import Rig, rig
from bench.scale import FULL, QUICK, Scale

Case = Callable[[Rig, Scale], Awaitable[dict[str, Any]]]
CASES: dict[str, Case] = {
    "availability reads": availability,
    "sold out": sold_out,
    "bookings that win": bookings,
    "sale": sale,
    "seats": seats,
    "sweep": sweep,
    "joins": joins,
    "calls": calls,
    "watchers": watchers,
}

SEVERAL = {"sold out", "calls"}
"""Cases with more than one result."""


def main(arguments: Sequence[str] = ()) -> None:
    """``usher bench`` measures in full; ``python -m bench --quick`` takes a look."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--quick", action="store_true", help="smaller numbers, for a look while working")
    parser.add_argument("--only", action="append", choices=CASES, help="one case; may be repeated")
    chosen = parser.parse_args(arguments)
    scale = QUICK if chosen.quick else FULL
    results = asyncio.run(_measure(scale, chosen.only or list(CASES)))
    print(report.text(results))
    if not chosen.only:
        report.write(scale.name, results)


async def _measure(scale: Scale, names: Sequence[str]) -> dict[str, Any]:
    where = machine.describe()
    found: dict[str, Any] = {}
    for name in names:
        started = time.monotonic()
        case = await _alone(CASES[name], scale)
        found |= case if name in SEVERAL else {name: case}
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)
    return {"machine": where, "scale": asdict(scale), "cases": found}


async def _alone(case: Case, scale: Scale) -> dict[str, Any]:
    """Servers of its own, so that no case meets what another one left."""
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as directory:
        try:
            async with rig(Path(directory)) as running:
                return await case(running, scale)
        except BaseException:
            _show_logs(Path(directory))
            raise


def _show_logs(directory: Path) -> None:
    for log in sorted(directory.glob("*.log")):
        print(f"--- {log.name}\n{log.read_text(errors='replace')[-2000:]}")
