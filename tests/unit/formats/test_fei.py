"""The extended headers of FEI and Thermo Fisher, written by mrcfile's own layout."""

from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from mrcfile.dtypes import get_ext_header_dtype

from icestream.formats.fei import read_fei
from icestream.formats.movie import movie_facts
from icestream.formats.mrc import read_mrc_header
from icestream.formats.numbers import CheckedNumbers
from icestream.formats.statements import say_header

TRUE = {
    "HT": 200e3,
    "Dose": 4.2e21,
    "Alpha tilt": -12.5,
    "X-Stage": 1e-4,
    "Y-Stage": -2e-4,
    "Z-Stage": 3e-6,
    "Pixel size X": 0.85e-10,
    "Applied defocus": -1.5e-6,
    "Magnification": 105000.0,
    "Integration time": 2.5,
    "Camera name": b"BM-Falcon",
    "Bitmask 1": 0xFFFFFFFF,
    "Bitmask 3": 1 << 6,
    "Phase Plate": True,
}


def _record(kind: str, order: str = "<", **more: Any) -> bytes:
    record = np.zeros(1, get_ext_header_dtype(kind.encode(), order))
    for name, value in (TRUE | more).items():
        record[name] = value
    return record.tobytes()


@pytest.mark.parametrize("kind", ["FEI1", "FEI2"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_what_the_microscope_knew(kind: str, order: str) -> None:
    numbers = CheckedNumbers("a.mrc")
    found = read_fei(kind, order, _record(kind, order), numbers)
    assert found is not None
    assert found.voltage == pytest.approx(200.0)
    assert found.dose == pytest.approx(42.0)
    assert found.tilt == pytest.approx(-12.5)
    assert found.stage == pytest.approx((100.0, -200.0, 3.0))
    assert found.pixel_size == pytest.approx(0.85)
    assert found.defocus == pytest.approx(15000.0)
    assert (found.magnification, found.exposure_time) == (105000.0, 2.5)
    assert (found.camera, found.phase_plate) == ("BM-Falcon", True)
    assert numbers.odd == ()


def test_a_tilt_of_zero_is_one_when_it_was_set() -> None:
    level = {"Alpha tilt": 0.0, "X-Stage": 0.0, "Y-Stage": 0.0, "Z-Stage": 0.0}
    found = read_fei("FEI1", "<", _record("FEI1", **level), CheckedNumbers("a"))
    assert found is not None
    assert (found.tilt, found.stage) == (0.0, (0.0, 0.0, 0.0))
    unset = level | {"Bitmask 1": 0, "Bitmask 3": 0}
    found = read_fei("FEI1", "<", _record("FEI1", **unset), CheckedNumbers("a"))
    assert found is not None
    assert (found.tilt, found.stage, found.phase_plate) == (None, None, None)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1e300])
def test_nonsense_is_said(value: float) -> None:
    numbers = CheckedNumbers("the header of a.mrc")
    names = ("HT", "Dose", "Alpha tilt", "X-Stage", "Pixel size X", "Magnification")
    found = read_fei("FEI1", "<", _record("FEI1", **dict.fromkeys(names, value)), numbers)
    assert found is not None
    assert (found.voltage, found.dose, found.tilt, found.stage, found.pixel_size) == (None,) * 5
    assert [odd.split(" in the header")[0] for odd in numbers.odd] == [
        "Pixel size X",
        "HT",
        "Dose",
        "Magnification",
        "X-Stage",
        "Alpha tilt",
    ]


def test_other_headers_and_cut_ones_say_nothing() -> None:
    assert read_fei("SERI", "<", bytes(4000), CheckedNumbers("a")) is None
    assert read_fei("FEI1", "<", _record("FEI1")[:-1], CheckedNumbers("a")) is None


def test_it_goes_on_to_the_facts_of_a_movie_and_its_statement(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as theirs:
        theirs.set_data(np.ones((3, 8, 9), np.int16))
        theirs.set_image_stack()
        theirs.set_extended_header(
            np.frombuffer(_record("FEI1") * 3, get_ext_header_dtype(b"FEI1"))
        )
        theirs.header.exttyp = b"FEI1"
    assert read_mrc_header(path).extended == 3 * 768
    facts = movie_facts(path)
    assert (facts.tilt, facts.camera, facts.phase_plate) == (-12.5, "BM-Falcon", True)
    assert (facts.exposure_time, facts.magnification) == (2.5, 105000.0)
    said = say_header(facts)
    assert said.stage == pytest.approx((100.0, -200.0, 3.0))
    assert (said.tilt, said.camera, said.phase_plate) == (-12.5, "BM-Falcon", True)
