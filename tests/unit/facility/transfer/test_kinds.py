"""The section of the facility file about copying."""

import pytest
from pydantic import ValidationError

from icestream.facility.transfer.kinds import Transfer


def test_nothing_is_removed_unless_it_is_said() -> None:
    assert Transfer().clean_source == "never"


def test_what_is_written_is_read() -> None:
    read = Transfer.model_validate(
        {"bandwidth": "1 Gbit/s", "settle": "1 min", "file_mode": "0640", "exclude": "*.x"}
    )
    assert (read.bandwidth, read.settle, read.file_mode) == (1.25e8, 60.0, 0o640)
    assert read.exclude == ("*.x",)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"sources": {"krios1": "somewhere"}}, "is no place"),
        ({"sources": {"krios1": "rsync://a:b@c/d"}}, "password"),
        ({"streams": 0}, "greater than"),
        ({"clean_source": "always"}, "never"),
    ],
)
def test_what_is_wrong_is_refused(given: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Transfer.model_validate(given)
