"""What the worker counts. Labels are names from our own tables, never ids."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

RELAYED = Counter("usher_relay_messages_total", "Messages taken from outboxes and published")
HANDLED = Counter("usher_messages_handled_total", "Messages handed to subscribers", ["subscriber", "outcome"])
PARKED = Counter("usher_messages_parked_total", "Messages given up after too many failures", ["subscriber"])
SWEEPS = Counter("usher_sweeps_total", "Runs of sweepers", ["name", "outcome"])
SWEEP_SECONDS = Histogram("usher_sweep_seconds", "How long a sweep took", ["name"])
JOBS = Counter("usher_jobs_total", "Attempts at jobs", ["name", "outcome"])
LOOP_ERRORS = Counter("usher_worker_loop_errors_total", "Errors that a loop survived", ["loop"])
