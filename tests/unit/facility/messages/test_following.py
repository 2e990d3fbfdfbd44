"""Sessions are followed on from where they were."""

from pathlib import Path

from icestream.facility.messages.following import FollowedSession
from icestream.facility.messages.ledger import MessageLedger


def test_sessions_are_followed_from_where_they_were(ledger: MessageLedger) -> None:
    session = FollowedSession(folder=Path("/s"), name="s", inbox_id=1, about={"zocalo": {"a": 1}})
    ledger.following.follow(session)
    ledger.following.told(Path("/s"), 7, 3.0)
    ledger.following.follow(session)
    (known,) = ledger.following.followed()
    assert (known.after, known.about, ledger.following.folder_of("s")) == (
        7,
        {"zocalo": {"a": 1}},
        Path("/s"),
    )
    ledger.following.leave(Path("/s"))
    assert ledger.following.followed() == []


def test_who_asked_for_a_session_that_is_followed_is_known_then(ledger: MessageLedger) -> None:
    by_registry = FollowedSession(folder=Path("/s"), name="s", inbox_id=None)
    ledger.following.follow(by_registry)
    ledger.following.follow(
        FollowedSession(folder=Path("/s"), name="s", inbox_id=3, about={"zocalo": {}})
    )
    ledger.following.follow(by_registry)
    (known,) = ledger.following.followed()
    assert (known.inbox_id, known.about) == (3, {"zocalo": {}})
