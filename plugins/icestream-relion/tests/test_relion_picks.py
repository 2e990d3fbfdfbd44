"""RELION's LoG picker and extraction, run for real on blobs whose places are known."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icestream.formats import read_stack, write_mrc, write_star
from icestream.formats.relion import loop
from icestream.model import column
from icestream.processing.particles import Box, extract_particles
from icestream.protocol import BadOutput, ItemFailed, Work
from icestream_relion.extract_particles import ExtractWithRelion, RelionExtractParameters
from icestream_relion.pick_by_log import PickWithRelionLog, RelionLogParameters
from icestream_relion.pick_by_templates import PickWithRelionTemplates, RelionTemplateParameters
from icestream_relion.picks import read_picks

MakeWork = Callable[..., Work]
Needs = Callable[..., None]


def test_blobs_are_picked_where_they_are(needs: Needs, work: MakeWork, field: Any) -> None:
    needs("relion_autopick")
    wanted = RelionLogParameters(diameter_min=100, diameter_max=140, use_ctf=False)
    picks = PickWithRelionLog(wanted).process(field.micrograph, field.ctf, work=work())
    true = np.stack([field.picks.x, field.picks.y], axis=1)[:-1]
    found = np.stack([picks.x, picks.y], axis=1)
    nearest = np.linalg.norm(true[:, None] - found[None], axis=2).min(axis=1)
    assert np.median(nearest) < 2.0 and (nearest < 6.0).sum() >= 14
    assert picks.diameter == 140 and picks.pixel_size == 4.0
    strict = replace_threshold(wanted, 3.0)
    fewer = PickWithRelionLog(strict).process(field.micrograph, None, work=work("strict"))
    assert len(fewer) < len(picks)


def replace_threshold(wanted: RelionLogParameters, value: float) -> RelionLogParameters:
    return wanted.model_copy(update={"threshold": value})


def test_the_ctf_is_given_where_it_is_asked_for(work: MakeWork, field: Any) -> None:
    protocol = PickWithRelionLog(RelionLogParameters(use_ctf=True, bright=True))
    assert "--LoG_use_ctf" in protocol.command(field.micrograph, field.ctf, work()).argv
    without = protocol.command(field.micrograph, None, work()).argv
    assert "--LoG_use_ctf" not in without and "--Log_invert" in without


def test_what_looks_like_a_template_is_picked(
    needs: Needs, work: MakeWork, field: Any, tmp_path: Path
) -> None:
    needs("relion_autopick")
    y, x = np.mgrid[-24:24, -24:24]
    blob = np.exp(-(y**2 + x**2) / (2 * 9.0**2)).astype(np.float32)
    templates = write_mrc(tmp_path / "averages.mrcs", np.stack([0 * blob, blob]), 4.0)
    wanted = RelionTemplateParameters(
        templates=templates, template_classes=(2,), diameter=140, angle_step=360, spacing=120
    )
    picks = PickWithRelionTemplates(wanted).process(field.micrograph, None, work=work())
    true = np.stack([field.picks.x, field.picks.y], axis=1)[:-1]
    found = np.stack([picks.x, picks.y], axis=1)
    nearest = np.linalg.norm(true[:, None] - found[None], axis=2).min(axis=1)
    assert (nearest < 8.0).sum() >= 13 and np.median(nearest) < 3.0
    assert picks.diameter == 140


def test_templates_that_cannot_be_used_are_told(work: MakeWork, field: Any, tmp_path: Path) -> None:
    def prepare(**parameters: Any) -> None:
        protocol = PickWithRelionTemplates(RelionTemplateParameters(**parameters))
        protocol.prepare(work(), field.micrograph, None)

    with pytest.raises(ItemFailed, match="no templates were given"):
        prepare()
    plain = write_mrc(tmp_path / "plain.mrcs", np.ones((2, 8, 8), np.float32))
    with pytest.raises(ItemFailed, match="has no pixel size"):
        prepare(templates=plain)
    sized = write_mrc(tmp_path / "sized.mrcs", np.ones((2, 8, 8), np.float32), 4.0)
    with pytest.raises(ItemFailed, match="has no class 3, only 2"):
        prepare(templates=sized, template_classes=(3,))
    (tmp_path / "half.mrcs").write_bytes(sized.read_bytes()[:1100])
    with pytest.raises(ItemFailed, match="cannot be read"):
        prepare(templates=tmp_path / "half.mrcs")


@pytest.mark.parametrize(("x", "score"), [(500.0, 1.0), (5.0, float("nan"))])
def test_picks_that_are_nowhere_are_refused(
    tmp_path: Path, field: Any, x: float, score: float
) -> None:
    row = {"rlnCoordinateX": x, "rlnCoordinateY": 5.0, "rlnAutopickFigureOfMerit": score}
    write_star(tmp_path / "mic_picks.star", [loop("", [row])])
    with pytest.raises(BadOutput, match=r"pick 1 of 1 is at x .* in a micrograph of 480 x 400"):
        read_picks(tmp_path, field.micrograph, 100.0)


def test_no_picks_are_no_failure(tmp_path: Path, field: Any) -> None:
    assert len(read_picks(tmp_path, field.micrograph, 100.0)) == 0


@pytest.mark.parametrize("size", [0, 32])
def test_particles_are_those_that_we_cut(
    needs: Needs, work: MakeWork, field: Any, size: int
) -> None:
    needs("relion_preprocess")
    wanted = RelionExtractParameters(box=192, size=size)
    made = ExtractWithRelion(wanted).process(field.micrograph, field.ctf, field.picks, work=work())
    assert len(made) == 15 and made.stack.name == "a.mrcs"  # one lies at the edge
    np.testing.assert_array_equal(made.score, np.asarray(field.picks.score)[:15])
    assert (made.box, made.optics.pixel_size) == (size or 48, 6.0 if size else 4.0)
    theirs = read_stack(made.stack)
    box = Box(cut=48, size=size or 48, radius=0.55 * 120 / 4, dust=0.0)
    ours = extract_particles(field.image, field.picks.x, field.picks.y, box).images
    for one, other in zip(theirs, ours, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.97
    corner = theirs[:, :4, :4]
    assert abs(float(corner.mean())) < 0.4 and 0.7 < float(corner.std()) < 1.3
    assert theirs[:, box.size // 2, box.size // 2].mean() > 0.5  # bright
    assert made.defocus_u.tolist() == [15000.0] * 15


def test_a_micrograph_without_particles_has_an_empty_table(work: MakeWork, field: Any) -> None:
    none = replace(field.picks, x=column([]), y=column([]), score=column([]))
    made = ExtractWithRelion().process(field.micrograph, field.ctf, none, work=work())
    assert len(made) == 0 and read_stack(made.stack).shape == (1, 46, 46)


def test_a_box_that_does_not_fit_is_told(work: MakeWork, field: Any) -> None:
    with pytest.raises(ItemFailed, match="a box of 500 pixels does not fit"):
        ExtractWithRelion(RelionExtractParameters(box=2000)).process(
            field.micrograph, field.ctf, field.picks, work=work()
        )


def test_particles_in_another_order_are_refused(
    needs: Needs, work: MakeWork, field: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("relion_preprocess")
    protocol = ExtractWithRelion(RelionExtractParameters(box=192))
    collect = protocol.collect

    def swapped(*items: Any, work: Work) -> Any:
        path = work.path("particles.star")
        lines = path.read_text()
        path.write_text(lines.replace("000001@", "X").replace("000002@", "000001@"))
        return collect(*items, work=work)

    monkeypatch.setattr(protocol, "collect", swapped)
    with pytest.raises(BadOutput) as told:
        protocol.process(field.micrograph, field.ctf, field.picks, work=work())
    assert told.value.code == "garbage-output"


def cut_off(stack: Path) -> None:
    stack.write_bytes(stack.read_bytes()[:-4])


def without_a_number(stack: Path) -> None:
    images = read_stack(stack)
    images[2, 3, 4] = np.nan
    write_mrc(stack, images, 4.0)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [(cut_off, "the particles cannot be read: .* bytes"), (without_a_number, "is number 3")],
)
def test_images_that_are_not_whole_are_refused(
    needs: Needs,
    work: MakeWork,
    field: Any,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Path], None],
    words: str,
) -> None:
    needs("relion_preprocess")
    protocol = ExtractWithRelion(RelionExtractParameters(box=192))
    collect = protocol.collect

    def spoilt(*items: Any, work: Work) -> Any:
        (stack,) = work.folder.rglob("*.mrcs")
        spoil(stack)
        return collect(*items, work=work)

    monkeypatch.setattr(protocol, "collect", spoilt)
    with pytest.raises(BadOutput, match=words):
        protocol.process(field.micrograph, field.ctf, field.picks, work=work())
