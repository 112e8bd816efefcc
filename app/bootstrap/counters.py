"""The staff's side of a line."""

from __future__ import annotations

from dataclasses import dataclass

from app.bootstrap.engines import Engines
from app.queues.counter_schemas import StaffTokenOut
from app.queues.listeners import FrontListener
from app.queues.live import LiveFields
from app.queues.models import Token
from app.queues.repository.calls import Calls
from app.queues.repository.day_end import PastDays
from app.queues.repository.figures import FigureReads
from app.queues.repository.services import Services
from app.queues.repository.serving import ServingTokens
from app.queues.repository.tokens import Tokens
from app.queues.service.acting import Acting, Changed
from app.queues.service.calling import Calling
from app.queues.service.codes import Codes
from app.queues.service.day_end import DayEnd
from app.queues.service.numbering import Numbering
from app.queues.service.serving import Serving
from app.queues.service.statistics import Statistics
from app.queues.service.transfers import Transfers


@dataclass
class Counters:
    calling: Calling
    serving: Serving
    transfers: Transfers
    codes: Codes
    day_end: DayEnd
    statistics: Statistics
    front: FrontListener
    repositories: tuple[Calls, ServingTokens]

    def provided(self) -> list[object]:
        """What routes may ask for."""
        return [self.calling, self.serving, self.transfers, self.statistics]


def build_counters(
    engines: Engines, services: Services, tokens: Tokens, numbering: Numbering, changed: Changed
) -> Counters:
    database, clock, ring = engines.mongo.database, engines.clock, engines.ring
    calls, serving_tokens, live = Calls(database), ServingTokens(database, clock), LiveFields(ring)
    acting = Acting(tokens, services, _shown, changed)
    codes = Codes(services, tokens, calls, serving_tokens, ring, clock)
    return Counters(
        calling=Calling(services, calls, ring, changed),
        serving=Serving(acting, codes, live, clock),
        transfers=Transfers(acting, services, tokens, serving_tokens, numbering, live, clock),
        codes=codes,
        day_end=DayEnd(services, PastDays(database), clock, engines.settings.work.sweep_batch),
        statistics=Statistics(services, FigureReads(database), clock),
        front=FrontListener(codes),
        repositories=(calls, serving_tokens),
    )


def _shown(token: Token) -> dict[str, object]:
    return StaffTokenOut.of(token).model_dump(mode="json")
