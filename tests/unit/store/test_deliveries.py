"""Deliveries of alerts, in order of queuing."""

from sqlalchemy import insert

from icestream.store import tables as t
from icestream.store.deliveries import deliveries
from icestream.store.open import Store


def test_deliveries_of_some_alerts(store: Store) -> None:
    row = {
        "over": False, "level": "warning", "queued": 1.0, "due": 2.0, "tries": 1, "ended": 3.0,
    }  # fmt: skip
    with store.write() as connection:
        for number, alert in ((1, 7), (2, 8), (3, 7)):
            connection.execute(
                insert(t.delivery).values(
                    id=number,
                    alert_id=alert,
                    channel=f"c{number}",
                    state="sent",
                    answer="250",
                    **row,
                )
            )
    found = deliveries(store, [7])
    assert [(one.alert, one.channel, one.state) for one in found] == [
        (7, "c1", "sent"),
        (7, "c3", "sent"),
    ]
    assert deliveries(store, []) == ()
