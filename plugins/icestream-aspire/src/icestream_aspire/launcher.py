"""Run by the Python that ASPIRE is installed for, since its licence is GPL.

python launcher.py apple OPTIONS OF aspire apple, for each image of a folder --mrc_path
python launcher.py estimate-ctf OPTIONS OF aspire estimate-ctf
python launcher.py class-averages OPTIONS
python launcher.py volume OPTIONS

The first two are ASPIRE's own commands; class averages and maps have none. Arrays come and go as
files of numpy (.npy), in the folder that it is run in.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["main"]

_TRIES = 6


def main(arguments: Sequence[str]) -> None:
    """Run one part of ASPIRE."""
    part, *options = arguments
    _PARTS[part](options)


def _apple(words: Sequence[str]) -> None:
    """ASPIRE's own command, once for each image: in 0.14.3 it breaks off where it gets a folder."""
    command = import_module("aspire.commands.apple").apple
    at = words.index("--mrc_path") + 1
    for path in sorted(Path(words[at]).glob("*.mrc")):
        each = [*words[:at], str(path), *words[at + 1 :]]
        command.main(each, prog_name="aspire apple", standalone_mode=False)


def _estimate_ctf(words: Sequence[str]) -> None:
    """ASPIRE's own command."""
    command = import_module("aspire.commands.estimate_ctf").estimate_ctf
    command.main(list(words), prog_name="aspire estimate-ctf", standalone_mode=False)


def _source(images: str, pixel_size: float) -> Any:
    """Images ``(n, box, box)`` of a file as ASPIRE takes them."""
    array = np.load(images, allow_pickle=False).astype(np.float32)
    image = import_module("aspire.image").Image(array)
    return import_module("aspire.source").ArrayImageSource(image, pixel_size=pixel_size)


def _class_averages(words: Sequence[str]) -> None:
    """Average each of some images with its nearest neighbours.

    Writes averages.npy ``(k, box, box)``, and, each ``(k, n_nbor)`` or longer: members.npy,
    reflections.npy, distances.npy, rotations.npy, shifts.npy.
    """
    parser = argparse.ArgumentParser(prog="class-averages")
    parser.add_argument("--images", required=True)
    parser.add_argument("--pixel_size", type=float, required=True)
    for name in ("n_classes", "n_nbor", "fspca_components", "bispectrum_components"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--sample_n", type=int, required=True)
    parser.add_argument("--radius", type=int, required=True)
    parser.add_argument("--selector", choices=("variance", "global"), required=True)
    parser.add_argument("--whiten", action="store_true")
    parser.add_argument("--seed", type=int, required=True)
    asked = parser.parse_args(words)
    source = _source(asked.images, asked.pixel_size).normalize_background()
    if asked.whiten:
        noise = import_module("aspire.noise").AnisotropicNoiseEstimator(source)
        source = source.whiten(noise)
    classifier, (members, reflections, distances) = _classify(source, asked)
    kinds = import_module("aspire.classification")
    averager = kinds.BFTAverager2D(classifier.pca_basis.basis, source, radius=asked.radius)
    if asked.selector == "global":
        quality = kinds.BandedSNRImageQualityFunction()
        selector = kinds.GlobalWithRepulsionClassSelector(averager, quality)
    else:
        selector = kinds.NeighborVarianceWithRepulsionClassSelector()
    chosen = np.asarray(selector.select(members, reflections, distances))[: asked.n_classes]
    averages = averager.average(members[chosen], reflections[chosen]).asnumpy()
    firsts = members[chosen][:, 0]
    moved = np.zeros((*members[chosen].shape, 2))
    if averager.shifts:
        moved = np.array([averager.shifts[first] for first in firsts])
    np.save("averages.npy", averages)
    np.save("members.npy", members[chosen])
    np.save("reflections.npy", reflections[chosen])
    np.save("distances.npy", distances[chosen])
    np.save("rotations.npy", np.array([averager.rotations[first] for first in firsts]))
    np.save("shifts.npy", moved)


def _classify(source: Any, asked: argparse.Namespace) -> tuple[Any, Any]:
    """Neighbours of each image; with fewer components where there are not as many.

    Where components vanish, ASPIRE draws from memory that nobody has written, and may find no
    feature at all.
    """
    components, features = asked.fspca_components, asked.bispectrum_components
    for left in reversed(range(_TRIES)):
        features = min(features, components, source.n)
        _say(f"classifying with {components} components, {features} features")
        classifier = import_module("aspire.classification").RIRClass2D(
            source,
            fspca_components=components,
            bispectrum_components=features,
            sample_n=asked.sample_n,
            n_nbor=asked.n_nbor,
            large_pca_implementation="legacy",
            nn_implementation="sklearn",
            bispectrum_implementation="legacy",
            seed=asked.seed,
        )
        try:
            found = classifier.classify()
        except (RuntimeError, ValueError) as error:
            if not left:
                raise
            _say(f"that failed: {error}")
            components = max(20, components * 2 // 3)
        else:
            return classifier, found
    raise AssertionError


def _say(words: str) -> None:
    """A line in the log."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def _volume(words: Sequence[str]) -> None:
    """Find from where images are seen by their common lines, and make the map.

    Writes volume.npy ``(z, y, x)`` and rotations.npy ``(n, 3, 3)``.
    """
    parser = argparse.ArgumentParser(prog="volume")
    parser.add_argument("--images", required=True)
    parser.add_argument("--pixel_size", type=float, required=True)
    parser.add_argument("--symmetry", required=True)
    parser.add_argument("--estimator", choices=("sync3n", "voting"), required=True)
    parser.add_argument("--n_theta", type=int, required=True)
    parser.add_argument("--max_shift", type=float, required=True)
    parser.add_argument("--shift_step", type=float, required=True)
    parser.add_argument("--tol", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    asked = parser.parse_args(words)
    source = _source(asked.images, asked.pixel_size)
    common = {"n_theta": asked.n_theta, "max_shift": asked.max_shift}
    common["shift_step"] = asked.shift_step
    oriented = import_module("aspire.source").OrientedSource(
        source, _estimator(source, asked, common)
    )
    rotations = np.asarray(oriented.rotations)
    basis = import_module("aspire.basis").FFBBasis3D(source.L)
    estimator = import_module("aspire.reconstruction").MeanEstimator(oriented, basis=basis)
    np.save("volume.npy", estimator.estimate(tol=asked.tol).asnumpy()[0])
    np.save("rotations.npy", rotations)


def _estimator(source: Any, asked: argparse.Namespace, common: dict[str, Any]) -> Any:
    """Of orientations, for a symmetry."""
    kinds, symmetry = import_module("aspire.abinitio"), asked.symmetry
    if symmetry == "C1" and asked.estimator == "voting":
        return kinds.CLSyncVoting(source, **common)  # it draws nothing
    common |= {"seed": asked.seed}
    if symmetry == "C1":
        return kinds.CLSync3N(source, **common)
    if symmetry == "C2":
        return kinds.CLSymmetryC2(source, **common)
    return kinds.CLSymmetryC3C4(source, symmetry=symmetry, **common)


_PARTS: dict[str, Callable[[Sequence[str]], None]] = {
    "apple": _apple,
    "class-averages": _class_averages,
    "estimate-ctf": _estimate_ctf,
    "volume": _volume,
}

if __name__ == "__main__":
    main(sys.argv[1:])
