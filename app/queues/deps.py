"""What routes of lines ask for."""

from __future__ import annotations

from typing import Annotated

from app.core.web.provide import provided
from app.queues.presenter import LinePresenter
from app.queues.service.directory import Directory
from app.queues.service.invites import Invites
from app.queues.service.joining import Joining
from app.queues.service.lines import Lines
from app.queues.service.reading import Reading
from app.queues.service.waiting import Waiting

Find = Annotated[Directory, provided(Directory)]
Editing = Annotated[Lines, provided(Lines)]
Read = Annotated[Reading, provided(Reading)]
Inviting = Annotated[Invites, provided(Invites)]
Enter = Annotated[Joining, provided(Joining)]
Wait = Annotated[Waiting, provided(Waiting)]
Present = Annotated[LinePresenter, provided(LinePresenter)]
