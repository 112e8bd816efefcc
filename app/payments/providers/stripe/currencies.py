"""Amounts at Stripe. Its smallest unit differs from ours for some currencies.

Ours has the digits of ``core.money``. Stripe has two digits for every currency but the ones below, also for
those without cents in daily life: 5 ISK and 5 UGX are sent as 500. Of the currencies with three digits
Stripe takes multiples of ten only and refuses the rest; such an event cannot be sold through it.
"""

from __future__ import annotations

from babel.numbers import get_currency_precision

from app.core.money import Money

_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"), 0),
    **dict.fromkeys(("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}


def to_stripe(money: Money) -> int:
    return _shifted(money.amount, _digits_added(money.currency), money.currency)


def from_stripe(amount: int, currency: str) -> Money:
    """Stripe says ``eur`` where we say ``EUR``."""
    currency = currency.upper()
    return Money(_shifted(amount, -_digits_added(currency), currency), currency)


def _digits_added(currency: str) -> int:
    ours: int = get_currency_precision(currency)
    return _DIGITS.get(currency, 2) - ours


def _shifted(amount: int, digits: int, currency: str) -> int:
    """A fraction that cannot be expressed is an error, never rounded away."""
    up: int = 10 ** max(digits, 0)
    down: int = 10 ** max(-digits, 0)
    whole, rest = divmod(amount * up, down)
    if rest:
        raise ValueError(f"{amount} has no whole amount in {currency} on the other side")
    return whole
