"""The table of rules, by what they look at. A rule is a function that yields what it finds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

from app.check.books import Books, Document
from app.check.finding import Finding
from app.check.lines import LineTally
from app.check.rules import (
    claims,
    ledger,
    lines,
    messages,
    payments,
    pictures,
    states,
    stock,
    tickets,
    times,
    tokens,
)
from app.check.tally import Tally
from app.core.mongo import Database
from app.core.redis import Client

OF_AN_ORDER: tuple[Callable[[Document, Books], Iterator[Finding]], ...] = (
    states.legal_history,
    states.complete_history,
    claims.well_formed,
    claims.live_orders_claim,
    claims.whole_set,
    claims.claims_what_it_should,
    claims.limit_kept,
    tickets.tickets_of_the_set,
    tickets.tickets_are_paid,
    tickets.priced_right,
    times.no_hold_past_its_deadline,
    times.pending_has_deadline,
    times.expiring_ends,
    times.refunds_get_paid,
    times.news_is_told,
)
OF_A_BLOCK: tuple[Callable[[Document, Books], Iterator[Finding]], ...] = (
    states.legal_history,
    claims.well_formed,
    claims.live_orders_claim,
    claims.whole_set,
)
OF_A_PAYMENT: tuple[Callable[[Document, Books], Iterator[Finding]], ...] = (
    states.legal_payment_history,
    payments.of_an_order,
    payments.captured_money_became_something,
    payments.disposition_holds,
    payments.mismatches_are_quarantined,
    payments.refunds_within_capture,
    payments.refunds_get_paid,
    times.news_is_told,
)
OF_ALL_PAYMENTS: tuple[Callable[[Books], Iterator[Finding]], ...] = (
    payments.one_payment_for_tickets,
    ledger.charges_agree,
    ledger.totals_agree,
)
OF_THE_STOCK: tuple[Callable[[Books, Tally], Iterator[Finding]], ...] = (
    stock.one_owner,
    stock.within_capacity,
    stock.cancelled_events_let_go,
    stock.nothing_sold_of_drafts,
)
OF_A_TOKEN: tuple[Callable[[Document, Books], Iterator[Finding]], ...] = (
    tokens.legal_token_history,
    tokens.complete_token_history,
    tokens.called_once,
    tokens.live_fields,
    tokens.times_of_states,
    tokens.code_tries_counted,
    tokens.of_a_service,
    times.news_is_told,
)
OF_A_SERVICE: tuple[Callable[[Document, Books], Iterator[Finding]], ...] = (times.news_is_told,)
OF_THE_LINES: tuple[Callable[[Books, LineTally], Iterator[Finding]], ...] = (
    lines.one_of_each,
    lines.in_turn,
    lines.transfers_arrive,
    lines.one_address,
)
OF_THE_DATABASE: tuple[Callable[[Database, Books], AsyncIterator[Finding]], ...] = (
    messages.work_gets_done,
    messages.nothing_is_parked,
    messages.deliveries_get_handled,
    messages.the_guards_stand,
)
OF_REDIS: tuple[Callable[[Client, Books, Tally], AsyncIterator[Finding]], ...] = (pictures.pictures_agree,)
