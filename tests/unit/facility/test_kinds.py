"""What the sections of the facility file are made of."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from icestream.facility.kinds import (
    Days,
    FileMode,
    Flaw,
    Hours,
    Rate,
    Seconds,
    Several,
    WholePath,
    worst_first,
)


@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        (Seconds, "10 min", 600.0),
        (Seconds, "1.5h", 5400.0),
        (Seconds, 3, 3.0),
        (Hours, "2 d", 48.0),
        (Days, "3 w", 21.0),
        (Days, "12 h", 0.5),
        (Rate, "100 MB/s", 1e8),
        (Rate, "1 Gbit/s", 1.25e8),
        (FileMode, "2750", 0o2750),
        (FileMode, "0640", 0o640),
        (Several, "one", ("one",)),
        (WholePath, "/data", Path("/data")),
    ],
)
def test_what_is_written_is_read(kind: Any, given: object, read: object) -> None:
    assert TypeAdapter(kind).validate_python(given) == read


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        (Seconds, "10 minutes", "write a time such as 30 s, 10 min, 2 h, 14 d or 3 w"),
        (Seconds, "-1 s", "write a time"),
        (Days, -1, "greater than or equal to 0"),
        (Rate, "100 MB", "write a rate such as 100 MB/s"),
        (Rate, "0 MB/s", "greater than 0"),
        (FileMode, 2750, 'write permissions as "2750" (in quotes), found 2750'),
        (FileMode, "2890", "in quotes"),
        (WholePath, "data", "write the whole path, found 'data'"),
    ],
)
def test_what_is_no_value_is_refused_in_plain_words(kind: Any, given: object, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(given)
    assert says in str(refused.value)


def test_what_stops_something_comes_first() -> None:
    found = [Flaw("b", "x", stops=False), Flaw("c", "y"), Flaw("a", "z", stops=False)]
    assert [one.where for one in worst_first(found)] == ["c", "a", "b"]
