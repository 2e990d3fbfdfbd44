"""Numbers of files: nonsense is unknown, and said; geometry that is nonsense is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from icestream.formats.errors import FormatError
from icestream.formats.numbers import COUNT, PIXEL_SIZE, PIXELS, VOLTAGE, CheckedNumbers, demand


def test_a_number_in_the_unit_of_its_limits() -> None:
    numbers = CheckedNumbers("X.xml")
    assert numbers.real("HT", "300000", VOLTAGE, 1e-3) == 300.0
    assert numbers.real("HT", 2e5, VOLTAGE, 1e-3) == 200.0
    assert numbers.real("HT", " 80000 ", VOLTAGE, 1e-3) == 80.0
    assert numbers.whole("frames", "40", COUNT) == 40
    assert numbers.whole("frames", "40.0", COUNT) == 40
    assert numbers.odd == ()


@pytest.mark.parametrize("said", [None, ""])
def test_what_is_not_said_is_not_odd(said: str | None) -> None:
    numbers = CheckedNumbers("X.xml")
    assert numbers.real("HT", said, VOLTAGE) is None
    assert numbers.whole("frames", said) is None
    assert numbers.odd == ()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("inf", "is 'inf', which is not from 1 to 5000 kV"),
        ("nan", "is 'nan', which is not from"),
        ("1e400", "is '1e400', which is not from"),
        ("-300", "is '-300', which is not from"),
        ("0", "is '0', which is not from"),
        ("1,5e2", "is '1,5e2', which is no number; write the decimals after a point, not a comma"),
        ("three", "is 'three', which is no number: it is not used"),
        ("1_000", "is '1_000', which is no number"),
        ("9" * 5000, "is '" + "9" * 37 + "...', which is not from"),
        (float("inf"), "is 'inf'"),
    ],
)
def test_nonsense_is_unknown_and_said(said: str | float, why: str) -> None:
    numbers = CheckedNumbers("X.xml")
    assert numbers.real("Voltage", said, VOLTAGE) is None
    (odd,) = numbers.odd
    assert odd.startswith(f"Voltage in X.xml {why}")


@pytest.mark.parametrize("said", ["inf", "nan", "1e400", "40.5", "-1", "1e300"])
def test_what_is_no_whole_number(said: str) -> None:
    numbers = CheckedNumbers("a.mdoc")
    assert numbers.whole("NumSubFrames", said) is None
    assert f"NumSubFrames in a.mdoc is {said!r}" in numbers.odd[0]


def test_a_value_out_of_its_limits_is_told_in_both_units() -> None:
    numbers = CheckedNumbers("X.xml")
    numbers.real("numericValue", "1.5", PIXEL_SIZE, 1e10)
    assert "is '1.5', which is not from 0.01 to 1e+06 Å (that is 1.5e+10)" in numbers.odd[0]


def test_geometry_is_demanded() -> None:
    demand("a.mrc", "nx in the header", 4096, PIXELS, "mend it")
    for found in (0, -5, 2**31, float("nan")):
        with pytest.raises(FormatError, match=r"nx in the header from 1 to .* mend it"):
            demand(Path("a.mrc"), "nx in the header", found, PIXELS, "mend it")


def test_a_time_that_cannot_be_is_unknown_and_said() -> None:
    numbers = CheckedNumbers("X.xml")
    good = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
    assert numbers.time("when", "2024-02-29", good) == good
    assert numbers.time("when", None, None) is None
    assert numbers.time("when", "", None) is None
    assert numbers.odd == ()
    for year in (1, 1904, 1970, datetime.now(UTC).year + 3, 9999):
        assert numbers.time(str(year), str(year), good.replace(year=year, day=1)) is None
    assert numbers.time("words", "yesterday", None) is None
    assert len(numbers.odd) == 6
    assert numbers.odd[0] == (
        "1 in X.xml is '1', which cannot be when it was acquired, so the time is unknown: "
        "it is not used"
    )
    assert "words in X.xml is 'yesterday', which is no time that is understood" in numbers.odd[5]
