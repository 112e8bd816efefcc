"""Turn messages into payloads and rooms. They run in workers, and are the only ones that emit news.

Nothing is owed here: what is lost is healed by the room's seq and a snapshot. Payloads carry the state
as it is when they are made, so repeated or late messages do no harm.
"""

from app.realtime.listeners.lines import LinesListener
from app.realtime.listeners.live import STREAMS, LiveListener
from app.realtime.listeners.sales import SalesListener
from app.realtime.listeners.totals import Totals

__all__ = ["STREAMS", "LinesListener", "LiveListener", "SalesListener", "Totals"]
