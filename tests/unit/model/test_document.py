"""Items survive the way to JSON and back, and their paths can be moved."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pydantic import ValidationError

import icestream.model
from icestream.model import (
    ITEM_TYPES,
    Micrograph,
    Motion,
    Movie,
    Optics,
    column,
    from_document,
    map_paths,
    to_document,
    type_name,
)
from icestream.model.exposure import Exposure

OPTICS = Optics(pixel_size=1.5, voltage=300)


def micrograph() -> Micrograph:
    motion = Motion(shifts=column([[0, 0], [3, 4], [3, 4.5]]), pixel_size=2.0)
    return Micrograph(
        exposure="a",
        path=Path("align/a.mrc"),
        shape=(10, 12),
        optics=OPTICS,
        unweighted=Path("align/a_noDW.mrc"),
        motion=motion,
        movie=Path("/raw/a.tiff"),
    )


def test_item_survives_json() -> None:
    before = micrograph()
    text = json.dumps(to_document(before))
    after = from_document(Micrograph, json.loads(text))
    assert after.path == before.path
    assert after.shape == (10, 12)
    assert after.optics == OPTICS
    assert after.motion is not None
    assert before.motion is not None
    np.testing.assert_array_equal(after.motion.shifts, before.motion.shifts)


def test_nested_exposure_survives_json() -> None:
    movie = Movie(
        exposure="a",
        path=Path("/raw/a.tiff"),
        frames=3,
        shape=(4, 5),
        optics=OPTICS,
        dose_per_frame=1.3,
        details=Exposure(name="a", beam_shift=(0.1, -0.2), group=3),
    )
    assert from_document(Movie, json.loads(json.dumps(to_document(movie)))) == movie
    assert movie.dose == pytest.approx(3.9)


@given(arrays(np.float32, array_shapes(max_dims=3), elements=st.floats(width=32, allow_nan=False)))
def test_columns_are_exact(values: np.ndarray) -> None:
    motion = Motion(shifts=column(values))
    after = from_document(Motion, json.loads(json.dumps(to_document(motion))))
    np.testing.assert_array_equal(after.shifts, values)
    assert after.shifts.shape == values.shape


def test_columns_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        column([1, 2])[0] = 3


def test_every_path_is_moved() -> None:
    before = micrograph()
    moved = map_paths(before, lambda path: Path("/session") / path)
    assert moved.path == Path("/session/align/a.mrc")
    assert moved.unweighted == Path("/session/align/a_noDW.mrc")
    assert moved.movie == Path("/raw/a.tiff")
    assert before.path == Path("align/a.mrc")


@dataclass(frozen=True)
class Holder:
    """Has paths where its fields say so, and where they leave it open."""

    sure: tuple[Path, ...]
    other: "Holder | None" = None
    anything: object = None
    words: tuple[str, ...] = ("a/b",)
    mode: Literal["x", "y"] = "x"


def test_paths_are_moved_however_deep_and_whatever_a_field_says_of_them() -> None:
    inner = Holder((Path("c"),), anything=Path("d"))
    moved = map_paths(Holder((Path("a"), Path("b")), inner, (Path("e"),)), Path("/s").joinpath)
    assert moved.sure == (Path("/s/a"), Path("/s/b"))
    assert moved.other == Holder((Path("/s/c"),), anything=Path("/s/d"))
    assert moved.anything == (Path("/s/e"),)
    assert moved.words == ("a/b",)
    assert map_paths(inner, lambda path: path) is inner


def test_paths_are_moved_in_a_type_that_only_its_function_knows() -> None:
    class Other:
        pass

    @dataclass(frozen=True)
    class Local:
        path: Path
        other: "Other | None" = None

    assert map_paths(Local(Path("a")), Path("/s").joinpath).path == Path("/s/a")


def test_our_types_are_named_after_the_package_that_exports_them() -> None:
    assert type_name(Movie) == "icestream.model:Movie"
    for name, kind in ITEM_TYPES.items():
        module, _, own = name.partition(":")
        assert module == "icestream.model"
        assert getattr(icestream.model, own) is kind
    assert type_name(Path) == "pathlib:Path"


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ValidationError) as told:
        from_document(Optics, {"pixel_size": "small"})
    assert told.value.error_count() == 2  # pixel_size is no number, voltage is missing
