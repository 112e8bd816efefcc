"""Reading (``catalogue``), changing (``editor``), and what is left (``availability``)."""

from app.catalogue.service.availability import Availability
from app.catalogue.service.catalogue import Catalogue
from app.catalogue.service.editor import Editor
from app.catalogue.service.reconciling import Reconciling

__all__ = ["Availability", "Catalogue", "Editor", "Reconciling"]
