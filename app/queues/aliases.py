"""Two or three friendly words to say at a counter. Drawn so that nobody guesses them."""

from __future__ import annotations

import random
from typing import Any, cast

from coolname import RandomGenerator
from coolname.data import config

_WORDS = RandomGenerator(cast(Any, config), random.SystemRandom())
_LONGEST = 3


def new_alias(words: int = 2) -> str:
    """``words`` is 2 or 3; of three there are a thousand times as many."""
    while True:
        drawn = _WORDS.generate(words)
        if len(drawn) <= _LONGEST:  # Three may come as four, with an "of".
            return "-".join(drawn)
