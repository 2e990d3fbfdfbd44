"""The newest snapshot of the streaming 2D classification, as RELION's Class2D job."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.exports.classified import CutParticles, assigned_particles
from icestream.exports.place import place
from icestream.exports.relion.jobs import CLASS2D, PARTICLES
from icestream.exports.relion.table import Table
from icestream.formats.relion import RELION_VERSION, single
from icestream.formats.star import Block, read_star, write_star
from icestream.model import Classes, Particles, safe_file_name

__all__ = ["write_class2d"]


def write_class2d(
    project: Path,
    classes: Classes,
    first: Particles,
    optics: Sequence[Mapping[str, object]],
    there: Mapping[str, CutParticles],
    raw: str = "Movies",
) -> int:
    """Write averages, assignments and model of `classes`; return how many particles they have.

    The particles' rows are those of the Extract job, with the class and the alignment of each
    added. `there` has the particles of each exposure: they are known by where they lie, and those
    that have not been classified, or not around the same centre, are left out. Where none has been,
    nothing is written. `raw` is the folder of movies, or else of micrographs, whose names the
    stacks have.
    """
    assigned = assigned_particles(classes.assignments, there)
    if not len(assigned["exposure"]):
        return 0
    root = f"{CLASS2D}run_it{classes.iteration:03d}"
    (project / CLASS2D).mkdir(parents=True, exist_ok=True)
    place(classes.averages, project / f"{root}_classes.mrcs")
    _write_assignments(project, root, assigned, optics, raw)
    probabilities = np.asarray(assigned["likelihood"], dtype=np.float64)
    _write_model(project, root, classes, first, probabilities)
    _write_optimiser(project, root, classes, first)
    return len(probabilities)


def _write_assignments(
    project: Path,
    root: str,
    assigned: Mapping[str, NDArray[Any]],
    optics: Sequence[Mapping[str, object]],
    raw: str,
) -> None:
    """The table of particles."""
    extracted = read_star(project / PARTICLES.path)["particles"].columns
    columns = {label: np.asarray(values) for label, values in extracted.items()}
    row_of = {str(name): row for row, name in enumerate(columns["rlnImageName"])}
    both = zip(assigned["exposure"], assigned["index"], strict=True)
    rows = np.array(
        [
            row_of[f"{index + 1:06d}@Extract/job005/{raw}/{safe_file_name(exposure)}.mrcs"]
            for exposure, index in both
        ],
        dtype=np.int64,
    )
    with Table(project / f"{root}_data.star", "particles", optics) as table:
        table.extend(
            {label: values[rows] for label, values in columns.items()}
            | {
                "rlnGroupNumber": np.ones(rows.size, dtype=np.int64),
                "rlnClassNumber": assigned["class"],
                # Images are turned in their plane alone.
                "rlnAngleRot": np.zeros(rows.size),
                "rlnAngleTilt": np.zeros(rows.size),
                "rlnAnglePsi": -assigned["angle"],
                "rlnOriginXAngst": assigned["shift_x"],
                "rlnOriginYAngst": assigned["shift_y"],
                "rlnNormCorrection": np.ones(rows.size),
                "rlnMaxValueProbDistribution": assigned["likelihood"],
                "rlnNrOfSignificantSamples": np.ones(rows.size, dtype=np.int64),
            },
            rows.size,
        )


def _write_model(
    project: Path,
    root: str,
    classes: Classes,
    first: Particles,
    probabilities: NDArray[np.float64],
) -> None:
    count = len(classes.counts)
    share = np.asarray(classes.counts) / max(float(np.sum(classes.counts)), 1.0)
    resolved = np.asarray(classes.resolution)
    general: dict[str, object] = {
        "rlnReferenceDimensionality": 2,
        "rlnDataDimensionality": 2,
        "rlnOriginalImageSize": classes.box,
        "rlnCurrentResolution": float(np.min(resolved[resolved > 0], initial=999.0)),
        "rlnCurrentImageSize": classes.box,
        "rlnPaddingFactor": 1.0,
        "rlnIsHelix": 0,
        "rlnFourierSpaceInterpolator": 1,
        "rlnMinRadiusNnInterpolation": 10,
        "rlnPixelSize": classes.pixel_size,
        "rlnNrClasses": count,
        "rlnNrBodies": 1,
        "rlnNrGroups": 1,
        "rlnTau2FudgeFactor": 2.0,
        "rlnNormCorrectionAverage": 1.0,
        "rlnSigmaOffsetsAngst": first.optics.pixel_size * 3,
        "rlnOrientationalPriorMode": 0,
        "rlnSigmaPriorRotAngle": 0.0,
        "rlnSigmaPriorTiltAngle": 0.0,
        "rlnSigmaPriorPsiAngle": 0.0,
        "rlnLogLikelihood": 0.0,
        "rlnAveragePmax": float(np.mean(probabilities)) if len(probabilities) else 0.0,
    }
    averages = f"{root}_classes.mrcs"
    write_star(
        project / f"{root}_model.star",
        [
            single("model_general", general),
            Block(
                "model_classes",
                {
                    "rlnReferenceImage": [f"{n:06d}@{averages}" for n in range(1, count + 1)],
                    "rlnClassDistribution": share,
                    "rlnAccuracyRotations": [999.0] * count,
                    "rlnAccuracyTranslationsAngst": [999.0] * count,
                    "rlnEstimatedResolution": np.where(resolved > 0, resolved, 999.0),
                    "rlnOverallFourierCompleteness": [1.0] * count,
                    "rlnClassPriorOffsetX": [0.0] * count,
                    "rlnClassPriorOffsetY": [0.0] * count,
                },
            ),
            Block(
                "model_groups",
                {
                    "rlnGroupNumber": [1],
                    "rlnGroupName": ["group_001"],
                    "rlnGroupNrParticles": [classes.particles],
                    "rlnGroupScaleCorrection": [1.0],
                },
            ),
        ],
        RELION_VERSION,
    )


def _write_optimiser(project: Path, root: str, classes: Classes, first: Particles) -> None:
    """What RELION's display and Select jobs follow to find model and data."""
    general: dict[str, object] = {
        "rlnOutputRootName": f"{CLASS2D}run",
        "rlnModelStarFile": f"{root}_model.star",
        "rlnExperimentalDataStarFile": f"{root}_data.star",
        "rlnCurrentIteration": classes.iteration,
        "rlnNumberOfIterations": classes.iteration,
        "rlnDoSplitRandomHalves": 0,
        "rlnParticleDiameter": first.diameter,
    }
    write_star(
        project / f"{root}_optimiser.star",
        [single("optimiser_general", general)],
        RELION_VERSION,
    )
