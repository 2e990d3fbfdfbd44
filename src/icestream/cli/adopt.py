"""`icestream adopt`: do what an alert offers."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.alerts import offer_words
from icestream.cli.change import print_preview
from icestream.cli.control import ask
from icestream.cli.terminal import print_table
from icestream.engine.requests.models import Adopt
from icestream.store import queries
from icestream.store.open import Store, open_store
from icestream.store.records import AlertRecord

__all__ = ["NoOffer", "adopt"]


class NoOffer(LookupError):
    """The alert that was named offers nothing, or is not there."""


def adopt(
    session: Path,
    alert: int | None = None,
    /,
    *,
    only_say: Annotated[bool, Parameter(name="--preview", negative="")] = False,
) -> int:
    """Do what an alert offers: change the parameters that would fix it.

    It is the same as setting them by hand: only what depends on them runs again, and
    icestream set takes them back.

    Parameters
    ----------
    session
        The session's folder.
    alert
        Number of the alert; without it, what is offered now is listed.
    only_say
        Only say what would run again, for how many exposures, and about how long.
    """
    with closing(open_store(session, readonly=True)) as store:
        offers = [raised for raised in queries.alerts(store, open_only=False) if raised.offer]
        if alert is None:
            return _list(offers)
        chosen = next((raised for raised in offers if raised.id == alert), None)
        if chosen is None or chosen.offer is None:
            now = ", ".join(str(raised.id) for raised in offers if _stands(raised)) or "none"
            raise NoOffer(f"no alert {alert} with an offer in this session; offered now: {now}")
        if only_say:
            _preview(store, chosen.offer)
            return 0
    return ask(session, Adopt(alert=alert))


def _stands(alert: AlertRecord) -> bool:
    return alert.cleared is None and alert.adopted is None


def _list(offers: list[AlertRecord]) -> int:
    standing = [(alert, alert.offer) for alert in offers if alert.offer and _stands(alert)]
    if not standing:
        print("nothing is offered now")
        return 0
    print_table(
        ("alert", "offers", "why"),
        [(str(alert.id), offer_words(offer), alert.message) for alert, offer in standing],
    )
    return 0


def _preview(store: Store, offer: Mapping[str, Any]) -> None:
    record = queries.step(store, offer["step"])
    print_preview(store, record, dict(offer["changes"]))
