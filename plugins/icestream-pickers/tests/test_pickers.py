"""Each picker gets what it takes, and its picks lie where the particles are."""

import ast
import re
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from icestream.formats import write_mrc, write_tiff
from icestream.model import Micrograph, Picks
from icestream.protocol import BadOutput, ItemFailed, Parameters, TryAgain, Work, missing
from icestream.protocol.conformance import problems
from icestream_pickers.pick_with_cryolo import CryoloPicking, PickWithCryolo
from icestream_pickers.pick_with_dog import DogPicking, PickWithDog
from icestream_pickers.pick_with_eman2 import Eman2Picking, PickWithEman2
from icestream_pickers.pick_with_gautomatch import GautomatchPicking, PickWithGautomatch
from icestream_pickers.pick_with_sphire import PickWithSphire, SphirePicking

PLUGIN = Path(__file__).parents[1]
ALL = (PickWithCryolo, PickWithGautomatch, PickWithEman2, PickWithSphire, PickWithDog)
SIZE = {"diameter": 90.0}

Install = Callable[..., Path]
Places = dict[tuple[int, int], float]


@pytest.fixture
def learnt(tmp_path: Path) -> dict[str, Path]:
    """Files that people make beforehand: they begin as HDF5 does."""
    files = {name: tmp_path / f"my {name}.hdf" for name in ("model", "references", "network")}
    for path in files.values():
        path.write_bytes(b"\x89HDF\r\n\x1a\n")
    return files


def picker(kind: type[Any], learnt: dict[str, Path], **more: Any) -> Any:
    """A picker of each kind with all that it needs."""
    given: dict[str, Any] = {PickWithCryolo: {"model": learnt["model"]}}.get(kind, {})
    if kind is PickWithEman2:
        given = {"references": learnt["references"], "network": learnt["network"]}
    return kind(kind.parameters_type()(**SIZE, **given, **more))


def check(picks: Picks, places: Places) -> None:
    """All particles were found, the darkest one first where there are scores."""
    found = {(round(float(x)), round(float(y))) for x, y in zip(picks.x, picks.y, strict=True)}
    assert found == set(places)
    assert (picks.diameter, picks.pixel_size, picks.exposure) == (90.0, 10.0, "a")
    if not np.isnan(picks.score).all():
        assert list(picks.score) == sorted(picks.score, reverse=True)
        assert (round(float(picks.x[0])), round(float(picks.y[0]))) == max(places, key=places.get)


@pytest.mark.parametrize("kind", ALL)
def test_they_keep_the_rules(kind: type[Any]) -> None:
    assert problems(kind) == []


def test_nothing_is_imported_but_what_a_plugin_may() -> None:
    allowed = {"units", "model", "formats", "processing", "protocol"}
    for path in (PLUGIN / "src" / "icestream_pickers").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                layers = name.split(".")
                assert layers[0] != "icestream" or layers[1] in allowed, (path.name, name)


def test_the_page_has_a_row_for_every_picker_and_every_failure() -> None:
    page = (PLUGIN / "docs" / "pickers.md").read_text()
    said = tomllib.loads((PLUGIN / "pyproject.toml").read_text())
    for name in said["project"]["entry-points"]["icestream.protocols"]:
        assert re.search(rf"^\| .*`{name}`.* \|", page, flags=re.M), name
    for kind in ALL:
        for failure in kind.failures:
            assert f"`{failure.code}`" in page, failure.code
        for version in kind.program.known:
            assert version in page


@pytest.mark.parametrize("kind", ALL)
def test_particles_are_found_where_they_are(
    kind: type[Any],
    install: Install,
    micrograph: Micrograph,
    work: Work,
    places: Places,
    learnt: dict[str, Path],
) -> None:
    install(kind.program.executable)
    protocol = picker(kind, learnt)
    assert [said for said in missing(protocol) if "GPU" not in said] == []
    found = kind.program.found()
    asked = replace(work, programs={kind.program.executable: found})
    check(protocol.process(micrograph, work=asked), places)
    kept = (work.folder / f"{kind.program.executable}.command.log").read_text()
    version = kind.program.version()
    assert kept.startswith(f"# {kind.program.executable} {version}\n") == bool(version)
    assert protocol.methods().endswith(".")
    assert "3 particles were picked" in protocol.summarize([protocol.collect(micrograph, asked)])


@pytest.mark.parametrize("kind", [PickWithCryolo, PickWithDog])
@pytest.mark.parametrize("how", ["volume", "tiff"])
def test_micrographs_of_other_kinds_are_written_anew(
    kind: type[Any],
    how: str,
    install: Install,
    micrograph: Micrograph,
    image: NDArray[np.float32],
    work: Work,
    places: Places,
    learnt: dict[str, Path],
    tmp_path: Path,
) -> None:
    """crYOLO turns an MRC file upside down or not by what it says it is; others turn a TIFF."""
    install(kind.program.executable)
    if how == "volume":
        path = write_mrc(tmp_path / "volume.mrc", image[None], 10.0, volume=True)
    else:
        path = tmp_path / "a.tiff"
        write_tiff(path, image)
    made = picker(kind, learnt).process(replace(micrograph, path=path), work=work)
    check(made, places)


@pytest.mark.parametrize("kind", ALL)
def test_an_empty_micrograph_has_no_picks(
    kind: type[Any],
    install: Install,
    micrograph: Micrograph,
    work: Work,
    learnt: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(kind.program.executable)
    monkeypatch.setenv("STAND_IN", "empty")
    made = picker(kind, learnt).process(micrograph, work=work)
    assert len(made) == 0


CODES = {
    "half": (BadOutput, "half-output garbage-output"),
    "garbage": (BadOutput, "garbage-output"),
    "nothing": (BadOutput, "no-output"),
    "hang": (ItemFailed, "program-late"),
    "crash": (ItemFailed, ""),
    "memory": (TryAgain, "no-gpu-memory"),
}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("played", CODES)
def test_failures_are_told(
    kind: type[Any],
    played: str,
    install: Install,
    micrograph: Micrograph,
    work: Work,
    learnt: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected, codes = CODES[played]
    if played == "memory" and kind is PickWithDog:
        expected, codes = ItemFailed, ""
    install(kind.program.executable)
    monkeypatch.setenv("STAND_IN", played)
    timeout = 2.0 if played == "hang" else 60.0
    with pytest.raises(expected) as told:
        picker(kind, learnt, timeout=timeout).process(micrograph, work=work)
    assert (told.value.code or "") in codes.split() or not codes
    assert "SIGABRT" in str(told.value) or played != "crash"
    assert (work.folder / f"{kind.program.executable}.log").is_file()
    if played == "hang":
        assert (work.folder / "started").is_file()
        deadline = time.monotonic() + 10
        while _of(work.folder) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not _of(work.folder)


def _of(folder: Path) -> list[str]:
    """Processes that run in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder:
                found.append(entry.name)
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    ("kind", "version", "words"),
    [
        (PickWithCryolo, "1.9.3", ""),
        (PickWithCryolo, "1.7.6", "1.8.x or 1.9.x is needed"),
        (PickWithCryolo, "a", "does not say which version it is"),
        (PickWithGautomatch, "0.53", ""),
        (PickWithGautomatch, "0.50", "0.53.x or 0.56.x is needed"),
        (PickWithEman2, "2.91", ""),
        (PickWithEman2, "2.12", "2.31.x or 2.91.x or 2.99.x is needed"),
        (PickWithSphire, "2.99", "2.21.x or 2.31.x is needed"),
        (PickWithDog, "", ""),
    ],
)
def test_the_version_decides(
    kind: type[Any],
    version: str,
    words: str,
    install: Install,
    micrograph: Micrograph,
    work: Work,
    learnt: dict[str, Path],
    places: Places,
) -> None:
    install(kind.program.executable, version)
    protocol = picker(kind, learnt)
    if words:
        assert words in " ".join(missing(protocol))
    else:
        assert not [one for one in missing(protocol) if "GPU" not in one]
        check(protocol.process(micrograph, work=work), places)


@pytest.mark.parametrize("kind", ALL)
def test_a_program_that_is_not_there_is_told(
    kind: type[Any], install: Install, learnt: dict[str, Path]
) -> None:
    said = " ".join(missing(picker(kind, learnt)))
    assert f"'{kind.program.executable}' is not installed" in said
    assert f"programs.{kind.program.executable} in the settings" in said


def test_what_is_not_a_model_or_no_model_at_all_is_told(
    install: Install, micrograph: Micrograph, work: Work, learnt: dict[str, Path]
) -> None:
    install("cryolo_predict.py")
    assert "crYOLO needs a model, and none was given" in " ".join(missing(PickWithCryolo()))
    learnt["model"].write_text("weights")
    with pytest.raises(ItemFailed) as told:
        picker(PickWithCryolo, learnt).process(micrograph, work=work)
    assert told.value.code == "bad-model"


def test_references_and_networks_that_are_missing_are_told(
    install: Install, micrograph: Micrograph, work: Work, learnt: dict[str, Path]
) -> None:
    install("e2boxer.py")
    said = " ".join(missing(PickWithEman2()))
    assert "needs references, and none were given" in said
    assert "set network to nnet_pickptcls.hdf" in said
    for parameters, code in (
        (Eman2Picking(**SIZE), "no-references"),
        (Eman2Picking(**SIZE, references=learnt["references"]), "no-network"),
    ):
        with pytest.raises(ItemFailed) as told:
            PickWithEman2(parameters).process(micrograph, work=work)
        assert told.value.code == code


def test_a_count_that_is_not_that_of_the_file_is_told(
    install: Install,
    micrograph: Micrograph,
    work: Work,
    learnt: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install("e2boxer.py")
    monkeypatch.setenv("STAND_IN", "fewer")
    with pytest.raises(BadOutput, match="it counted 3 boxes, and 2 are in its file"):
        picker(PickWithEman2, learnt).process(micrograph, work=work)


@pytest.mark.parametrize("kind", [PickWithCryolo, PickWithGautomatch, PickWithEman2])
def test_gpus_are_used_as_they_were_granted(
    kind: type[Any],
    install: Install,
    micrograph: Micrograph,
    work: Work,
    learnt: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(kind.program.executable)
    given = {"gpu": True} if kind is not PickWithGautomatch else {}
    protocol = picker(kind, learnt, **given)
    assert protocol.need().gpus == 1
    command = " ".join(protocol.command(micrograph, work).argv)
    assert re.search(r"-g 0|--gid 0|--device=gpu0", command)
    bare = replace(work, gpus=())
    if kind is PickWithGautomatch:
        with pytest.raises(ItemFailed) as told:
            protocol.process(micrograph, work=bare)
        assert told.value.code == "no-gpu"
    else:
        # Without a GPU of its own it must not see another's.
        said = protocol.command(micrograph, bare)
        assert said.environment == {"CUDA_VISIBLE_DEVICES": ""}
        assert not re.search(r"-g 0|gpu0", " ".join(said.argv))
        assert picker(kind, learnt, gpu=False).need().gpus == 0
        assert len(protocol.process(micrograph, work=bare)) == 3
    if kind is PickWithCryolo:
        monkeypatch.setenv("STAND_IN", "fallback")
        with pytest.raises(ItemFailed, match="was given a GPU and worked without it"):
            protocol.process(micrograph, work=work)


def test_thresholds_and_templates_are_the_programs_own(
    install: Install, micrograph: Micrograph, work: Work, learnt: dict[str, Path], tmp_path: Path
) -> None:
    install("Gautomatch")
    stack = write_mrc(tmp_path / "averages.mrcs", np.ones((2, 8, 8), np.float32), 12.0)
    wanted = GautomatchPicking(
        **SIZE, templates=stack, templates_white=False, spacing=80, speed=1, threshold=0.4
    )
    made = PickWithGautomatch(wanted).process(micrograph, work=work)
    assert len(made) == 1, "one alone is so dark"
    said = (work.folder / "Gautomatch.command.log").read_text()
    for words in ("--T templates.mrcs --apixT 12 --dont_invertT", "--min_dist 80 --speed 1"):
        assert words in said
    bare = write_mrc(tmp_path / "bare.mrcs", np.ones((2, 8, 8), np.float32))
    with pytest.raises(ItemFailed) as told:
        PickWithGautomatch(GautomatchPicking(templates=bare)).process(micrograph, work=work)
    assert told.value.code == "bad-templates"
    install("Gautomatch", "0.53")
    said = " ".join(missing(PickWithGautomatch(GautomatchPicking(detect_ice=False))))
    assert "Gautomatch 0.53 at" in said
    install("cryolo_predict.py")
    strict = picker(PickWithCryolo, learnt, threshold=0.7)
    assert len(strict.process(micrograph, work=work)) == 2
    install("e2boxer_old.py")
    strict = picker(PickWithSphire, learnt, threshold=13, threshold_max=16)
    assert len(strict.process(micrograph, work=work)) == 1


def test_bright_particles_are_not_inverted(
    install: Install,
    micrograph: Micrograph,
    image: NDArray[np.float32],
    work: Work,
    learnt: dict[str, Path],
    places: Places,
    tmp_path: Path,
) -> None:
    stained = replace(micrograph, path=write_mrc(tmp_path / "stained.mrc", -image, 10.0))
    for kind in (PickWithEman2, PickWithSphire, PickWithDog):
        install(kind.program.executable)
        check(picker(kind, learnt, bright=True).process(stained, work=work), places)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (DogPicking, {"sizes": 3}),
        (DogPicking, {"diameter": 100, "sizes": 3, "size_range": 250}),
        (DogPicking, {"threshold": 2, "threshold_max": 1}),
        (SphirePicking, {"threshold": 2, "threshold_max": 1}),
        (GautomatchPicking, {"darkest": 1, "brightest": -1}),
        (CryoloPicking, {"input_size": 1000}),
    ],
)
def test_what_makes_no_sense_is_refused(kind: type[Parameters], given: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        kind(**given)


def test_a_pick_outside_of_the_micrograph_is_refused(
    install: Install, micrograph: Micrograph, work: Work, learnt: dict[str, Path]
) -> None:
    install("ApDogPicker.py")
    protocol = picker(PickWithDog, learnt)
    protocol.process(micrograph, work=work)
    (work.folder / "picks.txt").write_text("10 10 1.0\n500 10 1.0\n")
    with pytest.raises(BadOutput, match=r"pick 2 of 2 is at x 500, y 10 .* of 160 x 120 pixels"):
        protocol.collect(micrograph, work)
    (work.folder / "picks.txt").write_text("# x y\n10 10\n")
    assert np.isnan(protocol.collect(micrograph, work).score).tolist() == [True]  # it tells none
