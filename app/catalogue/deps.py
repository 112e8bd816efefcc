"""What routes of events ask for."""

from __future__ import annotations

from typing import Annotated

from app.catalogue.service import Availability, Catalogue, Editor
from app.core.web.provide import provided

Reading = Annotated[Catalogue, provided(Catalogue)]
Editing = Annotated[Editor, provided(Editor)]
Remaining = Annotated[Availability, provided(Availability)]
