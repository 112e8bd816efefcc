"""``python -m bench.replay``: the forecast against five regimes of simulated days; see docs/forecast.md."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from app.queues.eta import TUNED
from bench.replay.play import as_tuned, play
from bench.replay.regimes import REGIMES, Regime
from bench.replay.report import Row, table, write
from bench.replay.score import score
from bench.replay.speed import speed
from bench.replay.tune import tune, uncalibrated

SEED = 20_261
"""Of the report. Tuning has its own, see ``tune``."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.replay")
    parser.add_argument("--waits", type=int, default=20_000, help="in each regime, at least")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="the table into docs/forecast.md")
    parser.add_argument("--tune", action="store_true", help="compare settings instead, on the tuning seeds")
    chosen = parser.parse_args(arguments)
    if chosen.tune:
        tune()
        return
    with ProcessPoolExecutor(chosen.processes) as pool:
        count = len(REGIMES)
        rows = list(pool.map(_row, REGIMES, [chosen.seed] * count, [chosen.waits] * count))
    text = f"{table(rows)}\n- {speed()}"
    print(text)
    if chosen.write:
        write(text)


def _row(regime: Regime, seed: int, waits: int) -> Row:
    started = time.monotonic()
    with_it = score(play(regime, seed, waits, as_tuned(TUNED)))
    without = score(play(regime, seed, waits, as_tuned(uncalibrated(TUNED))))
    print(f"{regime.name}: {time.monotonic() - started:.0f} s", flush=True)
    return Row(regime, with_it, without)


if __name__ == "__main__":
    main()
