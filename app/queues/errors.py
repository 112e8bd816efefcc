"""Why a line does not do what was asked."""

from __future__ import annotations

from app.core.errors import Conflict, Gone, IllegalTransition, StaleVersion

__all__ = [
    "AliasTaken",
    "AlreadyInLine",
    "IllegalTransition",
    "InviteExpired",
    "InviteUsed",
    "LineClosed",
    "LineFull",
    "NumberTaken",
    "RemoteJoinRefused",
    "SlugTaken",
    "StaleVersion",
]


class SlugTaken(Conflict):
    code, title = "slug_taken", "Another line has this address"


class LineClosed(Conflict):
    """By its staff, or by its opening hours."""

    code, title = "line_closed", "Nobody can join now"


class LineFull(Conflict):
    code, title = "line_full", "The line is full"


class RemoteJoinRefused(Conflict):
    code, title = "remote_join_refused", "This line is joined on the spot"


class InviteUsed(Gone):
    code, title = "invite_used", "This invitation has been used"


class InviteExpired(Gone):
    code, title = "invite_expired", "This invitation is over"


class AlreadyInLine(Conflict):
    """Undoing would give one contact two places."""

    code, title = "already_in_line", "The same contact has another place in this line"


class AliasTaken(Conflict):
    code, title = "alias_taken", "Somebody in line has this alias"


class NumberTaken(Conflict):
    code, title = "number_taken", "Somebody in line has this number"
