"""What exposures are called."""

from pathlib import Path

from icestream.store import queries
from icestream.store.naming import exposure_reasons, named_exposures
from report_session import SampleSession


def test_names_numbers_and_squares(tmp_path: Path) -> None:
    session = SampleSession(tmp_path, start=1.7e9, documents=False)
    session.grow(3)
    names = [exposure.name for exposure in queries.exposures(session.store)]
    found = named_exposures(session.store)
    assert [(one.number, one.name, one.square) for one in found] == [
        (number, name, "") for number, name in enumerate(names, start=1)
    ]
    assert {one.square for one in named_exposures(session.store, squares=True)} == {"8999138"}


def test_reasons_are_those_of_a_state(tmp_path: Path) -> None:
    session = SampleSession(tmp_path, start=1.7e9, documents=False)
    session.grow(200)
    for state in ("failed", "rejected"):
        known = queries.exposures(session.store, state=state, limit=500)
        assert known
        assert list(exposure_reasons(session.store, state)) == [
            (one.name, list(one.reasons)) for one in known
        ]
