"""Money in integer minor units of an ISO 4217 currency (JPY has 0 digits, KWD 3)."""

from __future__ import annotations

from dataclasses import dataclass

from babel.numbers import get_currency_precision, list_currencies

CURRENCIES = frozenset(list_currencies())
MAX_AMOUNT = 10**12


@dataclass(frozen=True, slots=True)
class Money:
    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)

    def __str__(self) -> str:
        digits = get_currency_precision(self.currency)
        if digits == 0:
            return f"{self.amount} {self.currency}"
        whole, part = divmod(self.amount, 10**digits)
        return f"{whole}.{part:0{digits}d} {self.currency}"
