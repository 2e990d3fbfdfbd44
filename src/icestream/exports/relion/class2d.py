"""The newest snapshot of the streaming 2D classification, as RELION's Class2D job."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.exports.relion.jobs import CLASS2D, PARTICLES
from icestream.exports.relion.place import place
from icestream.exports.relion.table import VERSION, Table
from icestream.formats.star import Block, read_star, write_star
from icestream.model import Classes, Particles, safe_file_name

__all__ = ["write_class2d"]


def write_class2d(
    project: Path,
    classes: Classes,
    first: Particles,
    optics: Sequence[Mapping[str, object]],
    raw: str = "Movies",
    anew: Collection[str] = (),
) -> int:
    """Write averages, assignments and model of `classes`; return how many particles they have.

    The particles' rows are those of the Extract job, with the class and the alignment of each
    added; particles that have not been classified yet are left out, and so are those of exposures
    whose particles were cut `anew` since. `raw` is the folder of movies, or else of micrographs,
    whose names the stacks have.
    """
    root = f"{CLASS2D}run_it{classes.iteration:03d}"
    (project / CLASS2D).mkdir(parents=True, exist_ok=True)
    place(classes.averages, project / f"{root}_classes.mrcs")
    probabilities = _write_assignments(project, root, classes, optics, raw, anew)
    _write_model(project, root, classes, first, probabilities)
    _write_optimiser(project, root, classes, first)
    return len(probabilities)


def _write_assignments(
    project: Path,
    root: str,
    classes: Classes,
    optics: Sequence[Mapping[str, object]],
    raw: str,
    anew: Collection[str],
) -> NDArray[np.float64]:
    """The table of particles; returns how probable the class and pose of each are."""
    import duckdb  # slow to load

    extracted = read_star(project / PARTICLES.path)["particles"].columns
    columns = {label: np.asarray(values) for label, values in extracted.items()}
    names = columns["rlnImageName"]
    row_of = {str(name): row for row, name in enumerate(names)}
    with duckdb.connect() as connection:
        assigned = connection.execute(
            'SELECT exposure, "index", "class", angle, shift_y, shift_x, likelihood '
            'FROM read_parquet(?) ORDER BY exposure, "index"',
            [str(classes.assignments)],
        ).fetchnumpy()
    images = [
        f"{index + 1:06d}@Extract/job005/{raw}/{safe_file_name(exposure)}.mrcs"
        for exposure, index in zip(assigned["exposure"], assigned["index"], strict=True)
    ]
    of = zip(images, assigned["exposure"], strict=True)
    kept = np.array([image in row_of and name not in anew for image, name in of], dtype=bool)
    rows = np.array([row_of[images[at]] for at in np.flatnonzero(kept)], dtype=np.int64)
    with Table(project / f"{root}_data.star", "particles", optics) as table:
        table.extend(
            {label: values[rows] for label, values in columns.items()}
            | {
                "rlnGroupNumber": np.ones(rows.size, dtype=np.int64),
                "rlnClassNumber": assigned["class"][kept],
                # Images are turned in their plane alone.
                "rlnAngleRot": np.zeros(rows.size),
                "rlnAngleTilt": np.zeros(rows.size),
                "rlnAnglePsi": -assigned["angle"][kept],
                "rlnOriginXAngst": assigned["shift_x"][kept],
                "rlnOriginYAngst": assigned["shift_y"][kept],
                "rlnNormCorrection": np.ones(rows.size),
                "rlnMaxValueProbDistribution": assigned["likelihood"][kept],
                "rlnNrOfSignificantSamples": np.ones(rows.size, dtype=np.int64),
            },
            rows.size,
        )
    return np.asarray(assigned["likelihood"][kept], dtype=np.float64)


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
            Block(
                "model_general", {label: [value] for label, value in general.items()}, single=True
            ),
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
        VERSION,
    )


def _list(name: str, values: Mapping[str, object]) -> Block:
    return Block(name, {label: [value] for label, value in values.items()}, single=True)


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
        [_list("optimiser_general", general)],
        VERSION,
    )
