"""Usage statistics in the settings."""

import pytest
from pydantic import ValidationError

from icestream.usage.kinds import Usage


def test_nothing_is_sent_by_default() -> None:
    assert not Usage().send
    assert Usage().collector is None


def test_a_country_may_be_said_by_its_name() -> None:
    assert Usage(country="Spain").country == "ES"
    with pytest.raises(ValidationError, match="no country that is known"):
        Usage(country="Atlantis")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("usage.example.org", "https://host"),
        ("ftp://usage.example.org", "https://host"),
        ("https://me:secret@usage.example.org", "no name, password"),
        ("https://usage.example.org/?site=lab7", "no name, password"),
    ],
)
def test_a_collector_is_an_address_and_nothing_else(given: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Usage(collector=given)


def test_who_wants_to_send_says_where_to() -> None:
    with pytest.raises(ValidationError, match="say collector, too"):
        Usage(send=True)
    assert Usage(send=True, collector="https://a.org/usage/").collector == "https://a.org/usage"
