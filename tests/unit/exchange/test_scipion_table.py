"""What Scipion calls our protocols."""

from icestream.exchange.scipion_table import SCIPION


def test_no_kind_is_claimed_twice_without_telling_them_apart() -> None:
    """Several rows for one kind differ by values, by what they take, or are parts."""
    claimed: dict[str, list[tuple[object, ...]]] = {}
    for rows in SCIPION.values():
        for row in rows:
            assert row.program == "scipion"
            for kind in row.kinds:
                told = (tuple(row.when.items()), tuple(row.inputs.items()))
                if not row.part:
                    claimed.setdefault(kind, []).append(told)
    assert not [kind for kind, told in claimed.items() if len(set(told)) < len(told)]
