"""What a request names, looked up before it is sent: a slip is told at once to whoever made it."""

from icestream.engine.requests.models import Request
from icestream.store import queries
from icestream.store.chosen import chosen_exposures
from icestream.store.mutes import alert_row, check_key
from icestream.store.open import Store

__all__ = ["check_names"]


def check_names(store: Store, request: Request) -> None:
    """Refuse a request that names a step, an exposure, an alert or a key that is not there.

    Raises
    ------
    LookupError
        Saying what there is, and what may be meant.
    """
    step = getattr(request, "step", None)
    if step is not None:
        queries.step(store, step, branch=getattr(request, "branch", None))
    if exposures := getattr(request, "exposures", ()):
        chosen_exposures(store, exposures)
    if (exposure := getattr(request, "exposure", None)) is not None:
        chosen_exposures(store, [exposure])
    with store.read() as connection:
        if (alert := getattr(request, "alert", None)) is not None:
            alert_row(connection, alert)
        if (key := getattr(request, "key", None)) is not None:
            check_key(connection, key)
