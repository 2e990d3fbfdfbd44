"""Names, roles and groups: what an identity is made of."""

import pytest

from icestream.login import Role
from icestream.login.identity import account_name, highest


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Ada", "ada"),
        (" ada.l@example.org ", "ada.l@example.org"),
        ("", None),
        ("-rf", None),
        ("a b", None),
        ("../x", None),
        ("a" * 65, None),
        ("ada\n", "ada"),
        ("ada\x00", None),
        ("аda", None),  # a Cyrillic letter that looks like another
    ],
)
def test_a_name_is_kept_in_small_letters_or_refused(given: str, kept: str | None) -> None:
    assert account_name(given) == kept


def test_the_highest_role_of_ones_groups_counts_whatever_their_capitals() -> None:
    roles = {"CN=EM": "viewer", "cn=em-staff": "staff", "cn=it": "admin"}
    assert highest(["cn=em", "CN=EM-Staff", "cn=choir"], roles) is Role.STAFF
    assert highest(["cn=choir"], roles) is None


def test_each_role_covers_itself_and_those_before_it() -> None:
    assert Role.STAFF.covers(Role.OPERATOR)
    assert Role.STAFF.covers(Role.STAFF)
    assert not Role.STAFF.covers(Role.ADMIN)
