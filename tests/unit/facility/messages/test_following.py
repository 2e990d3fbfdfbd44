"""Sessions are followed on from where they were."""

from pathlib import Path

from icestream.facility.messages.following import FollowedSession
from icestream.facility.messages.ledger import MessageLedger


def test_sessions_are_followed_from_where_they_were(ledger: MessageLedger) -> None:
    session = FollowedSession(folder=Path("/s"), name="s", inbox_id=1, about={"zocalo": {"a": 1}})
    ledger.following.follow(session)
    ledger.following.told(Path("/s"), 7)
    ledger.following.follow(session)
    (known,) = ledger.following.followed()
    assert (known.after, known.about, ledger.following.folder_of("s")) == (
        7,
        {"zocalo": {"a": 1}},
        Path("/s"),
    )
    ledger.following.leave(Path("/s"))
    assert ledger.following.followed() == []
