"""A model is laid where its density is, in the hand that it has."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from particle import BOX, PIXEL, distance, placed, volume

from icestream.formats import read_mrc
from icestream.formats.mrc import read_mrc_header
from icestream.model import Volume
from icestream.processing.volume.align import mirrored
from icestream.protocol import ItemFailed, Work
from icestream.protocol.conformance import problems
from icestream_structure.atoms import positions, read_model, write_model
from icestream_structure.fit_model import FitModel, ModelToFit


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "work"
    folder.mkdir()
    return Work(folder=folder)


def test_it_keeps_the_rules() -> None:
    assert problems(FitModel) == []


@pytest.mark.parametrize("other_hand", [False, True])
def test_the_model_is_laid_where_it_is(
    model: Path, work: Work, tmp_path: Path, other_hand: bool
) -> None:
    given = volume(tmp_path, model, other_hand=other_hand)
    step = FitModel(ModelToFit(model=model, resolution=6.0))
    made = step.process(given, work)
    assert made.model is not None and made.mirrored is other_hand
    assert distance(made.model, placed(model)) < 0.5
    assert made.correlation > made.other_hand + 0.1
    assert 2.4 <= made.agreement < 4.0 and made.note == ""
    assert made.residues == 90 and made.atoms == len(positions(read_model(model)))
    assert made.picture is not None and made.picture.is_file()
    assert made.half1 is not None and made.map is not None
    if other_hand:
        np.testing.assert_array_equal(read_mrc(made.half1), mirrored(read_mrc(given.half1)))
    else:
        assert (made.map, made.half1) == (given.map, given.half1)
    assert read_mrc_header(made.map).pixel_size == pytest.approx(PIXEL)
    assert f"{made.correlation:.2f}" in step.summarize([made])
    assert next(iter(step.plot([made]))).y_label == "FSC"


def test_another_particle_is_doubted(model: Path, work: Work, tmp_path: Path) -> None:
    given = volume(tmp_path, model, noise=30.0)
    made = FitModel(ModelToFit(model=model)).process(given, work)
    assert "may be of different particles" in made.note
    assert made.note in FitModel().summarize([made])


def test_a_hand_that_cannot_be_told_is_not_claimed(model: Path, work: Work, tmp_path: Path) -> None:
    """Two helices, each of which is the other in a mirror."""
    structure = read_model(model)
    chain = structure[0][0]
    del chain[20:]
    places = positions(structure)
    across = int(np.argmin(np.ptp(places, axis=0)))
    other = chain.clone()
    other.name = "M"
    for residue in other:
        for atom in residue:
            place = atom.pos.tolist()
            place[across] = 2 * (places[:, across].max() + 3.0) - place[across]
            atom.pos = type(atom.pos)(*place)
    structure[0].add_chain(other)
    path = write_model(tmp_path / "both.cif", structure, BOX * PIXEL)
    step = FitModel(ModelToFit(model=path, resolution=8.0))
    made = step.process(volume(tmp_path, path), work)
    assert made.correlation > 0.5 and abs(made.correlation - made.other_hand) < 0.05
    assert "which hand the map has cannot be told" in made.note
    assert made.note in step.summarize([made])


def test_a_real_map_and_a_real_model(models: Path, work: Work) -> None:
    path = models.parent / "maps" / "beta_galactosidase_3.54A.mrc"
    given = Volume(particles=1, iteration=2, map=path, box=100, pixel_size=3.54, resolution=12.0)
    wanted = ModelToFit(model=models / "beta_galactosidase_5a1a.pdb.gz", resolution=14.0)
    made = FitModel(wanted).process(given, work)
    assert not made.mirrored and made.correlation > 0.5 and made.other_hand < 0.3
    assert made.agreement < 11.0


def test_without_a_map_it_says_why(model: Path, work: Work) -> None:
    none = Volume(particles=0, iteration=1, note="too few particles")
    step = FitModel(ModelToFit(model=model))
    made = step.process(none, work)
    assert made.model is None and made.note == "too few particles" and made.qualities() == {}
    assert "too few particles" in step.summarize([made])


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        ("no atoms here\n", "has no atoms|cannot be read", "bad-model"),
        (None, "no model was given", "no-model"),
    ],
)
def test_a_bad_model_is_told(
    model: Path, work: Work, tmp_path: Path, text: str | None, words: str, code: str
) -> None:
    given = volume(tmp_path, model)
    bad = None
    if text is not None:
        bad = tmp_path / "bad.pdb"
        bad.write_text(text)
    with pytest.raises(ItemFailed, match=words) as told:
        FitModel(ModelToFit(model=bad)).process(given, work)
    assert told.value.code == code


def test_a_model_that_is_too_large_or_has_no_such_assembly_is_told(
    model: Path, models: Path, work: Work, tmp_path: Path
) -> None:
    given = volume(tmp_path, model)
    large = ModelToFit(model=models / "apoferritin_6z6u.pdb.gz")
    with pytest.raises(ItemFailed, match=rf"across, and the map {BOX * PIXEL:.0f} Å wide"):
        FitModel(large).process(replace(given, iteration=3), work)
    with pytest.raises(ItemFailed, match="has no assembly '7'"):
        FitModel(ModelToFit(model=model, assembly="7")).process(given, work)
