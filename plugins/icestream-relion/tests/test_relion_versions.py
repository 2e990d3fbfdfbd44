"""Each version gets options that it has, and those of RELION 4 and 5 that 3.1 lacks."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icestream.formats import read_mrc, read_stack, write_mrc
from icestream.model import Movie, Volume, column
from icestream.protocol import BadOutput, Batch, ItemFailed, Work
from icestream_relion.align_movies import AlignWithRelion
from icestream_relion.classify_2d import ClassifyWithRelion, RelionClassParameters
from icestream_relion.create_mask import CreateMaskWithRelion
from icestream_relion.estimate_ctf import EstimateCtfWithRelion, RelionCtfParameters
from icestream_relion.extract_particles import ExtractWithRelion, RelionExtractParameters
from icestream_relion.initial_model import InitialModelWithRelion, RelionInitialParameters
from icestream_relion.items import Mask
from icestream_relion.join_particles import JoinParticles
from icestream_relion.motion_parameters import RelionMotionParameters
from icestream_relion.pick_by_log import PickWithRelionLog, RelionLogParameters
from icestream_relion.pick_by_templates import PickWithRelionTemplates, RelionTemplateParameters
from icestream_relion.postprocess import PostprocessWithRelion, RelionPostprocessParameters
from icestream_relion.refine_3d import RefineWithRelion, RelionRefineParameters

MakeWork = Callable[..., Work]
Install = Callable[..., Path]
VERSIONS = ("3.1.3", "4.0.1", "5.0.1")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_option_of_each_program_is_known_to_the_version(
    install: Install, work: MakeWork, field: Any, specimen: Path, version: str
) -> None:
    mic, ctf, picks = field.micrograph, field.ctf, field.picks
    eer = Movie(
        exposure="a",
        path=Path("a.eer"),
        frames=8,
        shape=(4096, 4096),
        optics=mic.optics,
        dose_per_frame=1.0,
        gain=Path("gain.mrc"),
        defects=Path("defects.txt"),
    )
    volume = Volume(
        particles=9, iteration=1, map=specimen, box=32, pixel_size=6.0, resolution=4.0,
        fsc=column([1.0]),
    )  # fmt: skip
    mask = Mask(path=specimen, box=32, pixel_size=6.0, threshold=0.1, part=0.2)
    here = work()
    install("ctffind", "4.1.14")
    commands = [
        AlignWithRelion(RelionMotionParameters(first_frame=2)).command(eer, here),
        PickWithRelionLog(RelionLogParameters(bright=True, use_ctf=True)).command(mic, ctf, here),
        EstimateCtfWithRelion(RelionCtfParameters(phase_shift=True)).command(mic, here),
        PickWithRelionTemplates(RelionTemplateParameters(spacing=9, highpass=200)).command(
            mic, ctf, work(gpus=(0,))
        ),
        ExtractWithRelion(RelionExtractParameters(size=32, ramp=False)).command(
            mic, ctf, picks, here
        ),
        CreateMaskWithRelion().command(volume, here),
        PostprocessWithRelion(RelionPostprocessParameters(mtf=specimen, filter_at=5)).command(
            volume, mask, here
        ),
    ]
    for command in commands:
        program = install(command.argv[0], version)
        done = subprocess.run(
            [str(program), *command.argv[1:]], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def full(particles: Any, work: Work) -> Any:
    join = JoinParticles()
    return join.snapshot(join.start(Batch(tuple(particles.items), final=True), work), work)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("vdam", [False, True])
def test_classification_gets_options_that_the_version_has(
    install: Install, work: MakeWork, make_particles: Any, version: str, vdam: bool
) -> None:
    install("relion_refine", version)
    wanted = RelionClassParameters(
        vdam=vdam, resolution=8, preread=True, intact_first_peak=True, gpus=1
    )
    protocol = ClassifyWithRelion(wanted)
    if vdam and version == "3.1.3":
        (said,) = protocol.lacking()
        assert "vdam is on, and RELION 3.1.3" in said and "install RELION 4 or newer" in said
        return
    assert not protocol.lacking()
    particles = full(make_particles(exposures=1, each=5), work("join"))
    with pytest.raises(BadOutput, match=r"run_it000_model\.star was not written"):
        protocol.process(particles, work(gpus=(3,)))  # the stand-in computes nothing
    said = work().path("relion_refine.command.log").read_text()
    assert ("--center_classes" in said) == (version != "3.1.3") and ("--grad" in said) == vdam
    assert "--gpu 0" in said


@pytest.mark.parametrize("version", VERSIONS)
def test_the_initial_model_and_the_refinement_get_options_that_the_version_has(
    install: Install, work: MakeWork, make_particles: Any, specimen: Path, version: str
) -> None:
    install("relion_refine", version)
    particles = full(make_particles(exposures=1, each=5), work("join"))
    with pytest.raises(BadOutput, match="was not written"):
        InitialModelWithRelion().process(particles, work("initial"))
    said = work("initial").path("relion_refine.command.log").read_text()
    assert ("--sgd " in said) == (version == "3.1.3") and ("--grad " in said) == (version > "4")
    program = install("relion_refine_mpi", version)
    mpirun = install("mpirun", "4.1.4")
    mpirun.write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    wanted = RelionRefineParameters(reference=specimen, mask=specimen, solvent_fsc=True)
    with pytest.raises(BadOutput, match="was not written"):
        RefineWithRelion(wanted).process(particles, None, work("refine"))
    # It never made a map, and was asked to put one together.
    kept = sorted(path.name for path in work("refine").folder.glob("*.log"))
    both = ("iterations.command.log", "iterations.log")
    assert kept == [*both, "relion_refine_mpi.command.log", "relion_refine_mpi.log"]
    assert program.is_file()
    words = RefineWithRelion(wanted).words(100.0, tuple(map(int, version.split("."))))
    assert ("--ctf_corrected_ref" in words) == (version == "3.1.3")


@pytest.mark.parametrize(
    ("box", "pixel_size"), [(32, 6.0), (32, 6.0005), (32, 6.002), (24, 9.0), (64, 3.0)]
)
def test_a_reference_is_brought_to_the_pixels_of_the_particles(
    install: Install,
    work: MakeWork,
    make_particles: Any,
    tmp_path: Path,
    box: int,
    pixel_size: float,
) -> None:
    install("relion_refine_mpi", "4.0.1")
    install("mpirun", "4.1.4").write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    particles = full(make_particles(exposures=1, each=5), work("join"))
    cube = np.ones((box, box, box), np.float32)
    reference = write_mrc(tmp_path / "a.mrc", cube, pixel_size, volume=True)
    with pytest.raises(BadOutput, match="was not written"):
        RefineWithRelion(RelionRefineParameters(reference=reference)).process(
            particles, None, work()
        )
    said = work().path("relion_refine_mpi.command.log").read_text()
    near = box == 32 and pixel_size < 6.001
    assert f"--ref_angpix {pixel_size if near else 6:g}" in said and "--firstiter_cc" in said
    laid = work().folder / "reference.mrc"
    assert laid.is_symlink() == near
    assert read_mrc(laid).shape == (32, 32, 32)


@pytest.mark.parametrize("written", [0.0, 1.0])
def test_a_reference_without_a_pixel_size_is_told(
    install: Install, work: MakeWork, make_particles: Any, tmp_path: Path, written: float
) -> None:
    install("relion_refine_mpi", "4.0.1")
    install("mpirun", "4.1.4").write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    particles = full(make_particles(exposures=1, each=5), work("join"))
    cube = np.ones((32, 32, 32), np.float32)
    reference = write_mrc(tmp_path / "a.mrc", cube, written, volume=True)
    wanted = RelionRefineParameters(reference=reference)
    with pytest.raises(ItemFailed, match="says no pixel size, or exactly 1 Å") as told:
        RefineWithRelion(wanted).process(particles, None, work())
    assert told.value.code == "no-reference" and "reference_pixel_size" in told.value.advice
    known = wanted.model_copy(update={"reference_pixel_size": 6.0})
    with pytest.raises(BadOutput, match="was not written"):
        RefineWithRelion(known).process(particles, None, work())
    said = work().path("relion_refine_mpi.command.log").read_text()
    assert "--ref_angpix 6 " in said


@pytest.mark.parametrize("absolute", [False, True])
def test_a_map_that_may_have_other_greys_is_compared_by_correlation_first(
    install: Install, work: MakeWork, make_particles: Any, specimen: Path, absolute: bool
) -> None:
    install("relion_refine_mpi", "5.0.1")
    install("mpirun", "4.1.4").write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    particles = full(make_particles(exposures=1, each=5), work("join"))
    begun = Volume(particles=9, iteration=1, map=specimen, box=32, pixel_size=6.0)
    with pytest.raises(BadOutput, match="was not written"):
        RefineWithRelion(RelionRefineParameters(absolute=absolute)).process(
            particles, begun, work()
        )
    said = work().path("relion_refine_mpi.command.log").read_text()
    assert ("--firstiter_cc" in said) != absolute


def test_a_gpu_that_relion_was_not_built_for_is_told(install: Install) -> None:
    program = install("relion_refine", "4.0.1")
    protocol = ClassifyWithRelion(RelionClassParameters(gpus=1))
    assert protocol.need().gpus == 1 and not protocol.lacking()
    program.write_text("#!/bin/sh\necho RELION version: 3.1.3\necho Precision: BASE=double\n")
    (said,) = protocol.lacking()
    assert "was built without code for GPUs" in said and "set gpus to 0" in said
    assert not ClassifyWithRelion().lacking()


def test_debians_relion_has_no_code_for_gpus(needs: Callable[..., None]) -> None:
    needs("relion_refine")
    printed = subprocess.run(["relion_refine", "--version"], capture_output=True, text=True)  # noqa: PLW1510
    lacks = bool(InitialModelWithRelion(RelionInitialParameters(gpus=1)).lacking())
    assert lacks == ("-ACC=" not in printed.stdout)


def test_particles_that_are_not_normalised_are_told(
    needs: Callable[..., None], work: MakeWork, make_particles: Any
) -> None:
    needs("relion_refine")
    made = make_particles(exposures=1, each=20)
    (item,) = made.items
    write_mrc(item.stack, np.array(read_stack(item.stack)) * 50 + 1000, 6.0)
    with pytest.raises(BadOutput) as told:
        ClassifyWithRelion(RelionClassParameters(classes=2, iterations=1)).process(
            full(made, work("join")), work()
        )
    assert told.value.code == "not-normalised"
