"""Places of lists; whole exports are in tests/unit/exports/test_coordinates.py."""

from pathlib import Path

from icestream.exports.verify.lists import is_lists, read_lists


def test_a_sample_is_spread_over_the_lists(tmp_path: Path) -> None:
    assert not is_lists(tmp_path)
    for name in ("a.b", "c"):
        (tmp_path / f"{name}.coord").write_text("".join(f"{n} {n}\n" for n in range(10)))
    assert is_lists(tmp_path)
    (listed,) = read_lists(tmp_path, 4)
    assert (listed.of, listed.total) == ("picks", 20)
    assert [(str(one.micrograph), one.number) for one in listed.sample] == [
        ("a.b", 0), ("a.b", 9), ("c", 0), ("c", 9),
    ]  # fmt: skip
    assert all(one.elsewhere for one in listed.sample)
