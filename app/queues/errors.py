"""Why a line does not do what was asked."""

from __future__ import annotations

from app.core.errors import Conflict, Gone, IllegalTransition, StaleVersion

__all__ = [
    "AliasTaken",
    "AlreadyInLine",
    "CodeExpired",
    "IllegalTransition",
    "InviteExpired",
    "InviteUsed",
    "LineClosed",
    "LineEmpty",
    "LineFull",
    "LinePaused",
    "NoCode",
    "NotIdentified",
    "NumberTaken",
    "RemoteJoinRefused",
    "SameLine",
    "SlugTaken",
    "StaleVersion",
    "TooEarly",
    "WrongAlias",
    "WrongCode",
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


class LineEmpty(Conflict):
    code, title = "line_empty", "Nobody is waiting"


class LinePaused(Conflict):
    code, title = "line_paused", "Nobody is called while the line is paused"


class TooEarly(Conflict):
    """``not_before`` says when it may be asked again."""

    code, title = "too_early", "It is too early for this"


class NotIdentified(Conflict):
    code, title = "not_identified", "First they must say their code or alias"


class NoCode(Conflict):
    code, title = "no_code", "There is no code to compare with"


class WrongCode(Conflict):
    """``tries_left`` before another code is needed."""

    code, title = "wrong_code", "That is not the code"


class WrongAlias(Conflict):
    code, title = "wrong_alias", "That is not the alias"


class CodeExpired(Gone):
    code, title = "code_expired", "The code is over; recall them for a new one"


class SameLine(Conflict):
    code, title = "same_line", "That is the line they are in"
