"""Who may do what. One rule is a column of the matrix: for each actor what they are to find.

``OK`` is the route's own answer. All else is the status of a refusal; 404 must look like an absent thing.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.authorization.actors import ACTORS

OK = 200
Rule = Mapping[str, int]


def _rule(**outcomes: int) -> Rule:
    """Names with underscores; all actors must be named."""
    rule = {name.replace("_", " "): outcome for name, outcome in outcomes.items()}
    assert set(rule) == set(ACTORS), set(rule) ^ set(ACTORS)
    return rule


def _machines(*, whole: int = OK, here: int = OK, elsewhere: int = 404, without: int = 403) -> dict[str, int]:
    return {
        "machine": whole,
        "machine_here": here,
        "machine_elsewhere": elsewhere,
        "machine_without": without,
    }


_NO_MACHINES = _machines(whole=403, here=403, elsewhere=403)
_STRANGERS = {"nobody": 401, "customer": 403, "other_customer": 403, "guest": 401, "other_guest": 401}
_EVERYBODY = {"nobody": OK, "customer": OK, "other_customer": OK, "guest": OK, "other_guest": OK}
_ANY_STAFF = {"staff": OK, "staff_here": OK, "staff_elsewhere": OK, "admin": OK}
_NO_STAFF = {"staff": 403, "staff_here": 403, "staff_elsewhere": 403}

OPEN: Rule = dict.fromkeys(ACTORS, OK)
"""No credentials are looked at."""

PUBLIC = _rule(**_EVERYBODY, **_ANY_STAFF, **_machines(elsewhere=OK))
"""Everybody, whoever they are; machines need the permission."""

BOOKING = {**PUBLIC, "machine elsewhere": 404}
"""The same, except that a machine ends at its limits."""

HIDDEN_EVENT = _rule(
    nobody=404, customer=404, other_customer=404, guest=404, other_guest=404,
    staff=OK, staff_here=OK, staff_elsewhere=404, admin=OK,
    **_machines(),
)  # fmt: skip
"""An event that is not published: staff's who oversee it, absent for all others."""

PEOPLE = _rule(
    nobody=401, customer=OK, other_customer=OK, guest=401, other_guest=401,
    **_ANY_STAFF,
    **_NO_MACHINES,
)  # fmt: skip
"""Signed in, whatever the role: about oneself."""

LEAVING: Rule = {**PEOPLE, **{actor: 401 for actor in ACTORS if actor.startswith("machine")}}
"""Machines have nothing to sign out of."""

ORDER = _rule(
    nobody=401, customer=OK, other_customer=404, guest=404, other_guest=404,
    staff=OK, staff_here=OK, staff_elsewhere=404, admin=OK,
    **_machines(),
)  # fmt: skip
"""A customer's order: theirs, and staff's who oversee its event."""

GUEST_ORDER = {**ORDER, "customer": 404, "guest": OK}
"""A guest's order: whose secret opens it."""

EVENT_STAFF = _rule(**_STRANGERS, staff=OK, staff_here=OK, staff_elsewhere=404, admin=OK, **_machines())
ALL_STAFF = _rule(**_STRANGERS, **_ANY_STAFF, **_machines(elsewhere=OK))
"""Each sees what they oversee."""

WHOLE_HOUSE = _rule(
    **_STRANGERS, staff=OK, staff_here=403, staff_elsewhere=403, admin=OK,
    **_machines(here=403, elsewhere=403),
)  # fmt: skip
"""Of no one event, so nobody's who is limited to some."""

EVENT_ADMIN = _rule(**_STRANGERS, **_NO_STAFF, admin=OK, **_machines())
ADMIN = _rule(**_STRANGERS, **_NO_STAFF, admin=OK, **_machines(here=403, elsewhere=403))
ADMIN_PERSON = _rule(**_STRANGERS, **_NO_STAFF, admin=OK, **_NO_MACHINES)
"""Machines neither make keys nor touch accounts."""

PHOTO = _rule(
    nobody=401, customer=OK, other_customer=404, guest=401, other_guest=401,
    staff=404, staff_here=404, staff_elsewhere=404, admin=OK,
    **_NO_MACHINES,
)  # fmt: skip

LINE_PUBLIC = _rule(**_EVERYBODY, **_ANY_STAFF, **_NO_MACHINES)
"""Everybody, whoever they are; machines do not queue."""

LINE_STAFF = _rule(**_STRANGERS, staff=OK, staff_here=OK, staff_elsewhere=404, admin=OK, **_NO_MACHINES)
LINE_MAKERS = _rule(**_STRANGERS, staff=OK, staff_here=403, staff_elsewhere=403, admin=OK, **_NO_MACHINES)
"""A new line is in nobody's bounds yet."""

TOKEN = {**ORDER, **{actor: 403 for actor in ACTORS if actor.startswith("machine")}}
"""A customer's token: theirs, and staff's who oversee its line."""

GUEST_TOKEN = {**TOKEN, "customer": 404, "guest": OK}
"""A guest's token: whose secret opens it."""
