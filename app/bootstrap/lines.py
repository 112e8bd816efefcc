"""Lines: joining them, waiting in them, and the counters they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.bootstrap.counters import Counters, build_counters
from app.bootstrap.engines import Engines, Prepares
from app.core.idempotency import IdempotencyKeys
from app.core.redis import Breaker
from app.queues.live import LiveFields
from app.queues.presenter import LinePresenter
from app.queues.repository.line import LineReads
from app.queues.repository.numbers import Numbers
from app.queues.repository.pace import PaceReads
from app.queues.repository.services import Services
from app.queues.repository.tokens import Tokens
from app.queues.service.directory import Directory
from app.queues.service.feed import Feed
from app.queues.service.forecasting import Forecasting
from app.queues.service.invites import Invites, Rotation
from app.queues.service.joining import Joining
from app.queues.service.lines import Lines as Editing
from app.queues.service.numbering import Numbering
from app.queues.service.reading import Reading
from app.queues.service.waiting import Waiting


@dataclass
class Lines:
    services: Services
    tokens: Tokens
    directory: Directory
    forecasting: Forecasting
    reading: Reading
    editing: Editing
    invites: Invites
    numbering: Numbering
    joining: Joining
    waiting: Waiting
    presenter: LinePresenter
    feed: Feed
    live: LiveFields
    counters: Counters
    repositories: tuple[Prepares, ...]

    def provided(self) -> list[object]:
        """What routes may ask for."""
        return [
            self.directory,
            self.reading,
            self.editing,
            self.invites,
            self.joining,
            self.waiting,
            self.presenter,
            *self.counters.provided(),
        ]


def build_lines(engines: Engines, keys: IdempotencyKeys) -> Lines:
    settings, database, clock, ring = engines.settings, engines.mongo.database, engines.clock, engines.ring
    public_url = settings.runtime.public_url
    services, tokens, live = Services(database), Tokens(database, clock), LiveFields(ring)
    breaker = Breaker(settings.redis.redis_breaker_failures, settings.redis.redis_breaker_seconds)
    numbering = Numbering(tokens, Numbers(engines.fast_redis, breaker), live, clock)
    directory = Directory(services)
    forecasting = Forecasting(PaceReads(database), clock)
    reads = LineReads(database)
    reading = Reading(reads, directory, forecasting.waits, clock)
    rotation = Rotation(
        timedelta(seconds=settings.queues.invite_rotate_seconds),
        timedelta(seconds=settings.queues.invite_valid_seconds),
    )
    invites = Invites(services, directory, tokens, ring, clock, rotation, public_url)
    waiting = Waiting(tokens, reads, directory, reading, ring, clock)
    presenter = LinePresenter(ring, public_url)
    counters = build_counters(engines, services, tokens, numbering, reading.forget)
    return Lines(
        services=services,
        tokens=tokens,
        directory=directory,
        forecasting=forecasting,
        reading=reading,
        editing=Editing(services, directory, reading, keys, clock),
        invites=invites,
        numbering=numbering,
        joining=Joining(
            directory,
            tokens,
            numbering,
            invites,
            reading,
            live,
            ring,
            clock,
            settings.queues.joins_per_minute,
        ),
        waiting=waiting,
        presenter=presenter,
        feed=Feed(directory, reading, tokens, waiting, presenter),
        live=live,
        counters=counters,
        repositories=(services, tokens, *counters.repositories),
    )
