"""Results as JSON for programs and as one table for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
Results = Mapping[str, Any]


def write(name: str, results: Results) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n")
    (RESULTS / "README.md").write_text(f"# Results of `make bench`\n\n{text(results)}")


def text(results: Results) -> str:
    machine, cases = results["machine"], results["cases"]
    rows = [row for name, case in cases.items() for row in _rows(name, case)]
    table = ["| what | measured | wanted | |", "|---|---|---|---|", *rows]
    return "\n".join([_where(machine, results["scale"]), "", *table, ""])


def _where(machine: Results, scale: Results) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (
        f"Measured {machine['at']} on {machine['cores']} cores ({machine['processor']}), Python "
        f"{machine['python']}, {packages}; load average before: {machine['load_average_before'][0]}. "
        f"One API process, one worker, mongod, redis and the load generator share the machine. "
        f"Medians of {scale['trials']} trials, ours and theirs in turns; every number is in the JSON file."
    )


def _rows(name: str, case: Results) -> list[str]:
    if name == "sale":
        return _sale(case)
    if name == "seats":
        return _seats(case)
    if name == "sweep":
        return _sweep(case)
    if name == "watchers":
        return _watchers(case)
    return [_ratio(name, case)]


def _ratio(name: str, case: Results) -> str:
    value = f"{case['ratio']:.2f} ({case['ours_per_second']} against {case['theirs_per_second']} a second)"
    return _row(name, value, f"at least {case['target']}", case["ratio"] >= case["target"])


def _sale(case: Results) -> list[str]:
    memory, first, last = case["memory_mb"], case["first_tenth"], case["last_tenth"]
    what = f"sale of {case['places']} places, {case['requests']} requests"
    grown = memory["at_end"] / memory["after_a_tenth"]
    return [
        _row(
            f"{what}: memory of the API process",
            f"{memory['at_start']} MB at the start, {memory['after_a_tenth']} after a tenth, "
            f"{memory['at_half']} at half, {memory['at_end']} at the end",
            "flat",
            grown < 1.1,
        ),
        _row(
            f"{what}: latency",
            f"first tenth p50 {first['p50_ms']} ms, p99 {first['p99_ms']} ms; "
            f"last tenth p50 {last['p50_ms']} ms, p99 {last['p99_ms']} ms",
            "the end like the start",
            last["p50_ms"] <= first["p50_ms"] * 1.1 and last["p99_ms"] <= first["p99_ms"] * 1.1,
        ),
    ]


def _seats(case: Results) -> list[str]:
    booked = case["first_booking_from_cold_ms"]["median"]
    cold, again = case["map_first_of_a_process_ms"]["median"], case["map_drawn_again_ms"]["median"]
    known, size = case["map_known_by_etag_ms"]["median"], case["map_kilobytes_zipped"]
    return [
        _row(
            f"first booking of {case['seats']} seats from cold",
            f"{booked} ms",
            "under 1000 ms",
            booked < 1000,
        ),
        _row(
            f"map of {case['seats']} seats",
            f"{cold} ms the first time, {again} ms drawn again, {known} ms by ETag, {size} KB zipped",
            "under 300 ms",
            max(cold, again, known) < 300,
        ),
    ]


def _sweep(case: Results) -> list[str]:
    seconds, target = case["swept_in_seconds"], case["target"]
    return [
        _row(
            f"{case['overdue']} overdue holds swept",
            f"{seconds} s",
            "within 120 s",
            seconds <= target["seconds"],
        ),
        _row(
            "bookings meanwhile", f"{case['ratio']:.2f} of their rate", "at least 0.9", case["ratio"] >= 0.9
        ),
    ]


def _watchers(case: Results) -> list[str]:
    last, spread = case["last_heard_after_ms"]["median"], case["first_to_last_ms"]["median"]
    what = f"{case['watchers']} watchers of one line hear of a call"
    value = f"the last after {last} ms, {spread} ms after the first; {case['kilobytes_per_watcher']} KB each"
    return [_row(what, value, "the last within 2000 ms, 100 KB each", _bearable(case))]


def _bearable(case: Results) -> bool:
    return bool(case["last_heard_after_ms"]["median"] <= 2000 and case["kilobytes_per_watcher"] <= 100)


def _row(what: str, value: str, target: str, reached: bool) -> str:
    return f"| {what} | {value} | {target} | {'yes' if reached else '**no**'} |"
