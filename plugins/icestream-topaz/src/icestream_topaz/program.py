"""The program: which versions are known, how it fails, and what all its commands are told."""

from pathlib import Path

from icestream.protocol import Failure, ItemFailed, Probe, Program, Resources, Work

__all__ = ["CITES", "FAILURES", "TOPAZ", "check_gpu", "machine_arguments", "need"]

CITES = ("Bepler et al. (2019) Nat. Methods 16, 1153, doi:10.1038/s41592-019-0575-8",)

TOPAZ = Program(
    "topaz",
    package="PyPI: topaz-em, with torch and a torchvision of the same build",
    # It loads torch before it answers, which takes seconds, and more on a busy machine.
    probe=Probe(arguments=("--version",), pattern=r"(?m)^(?:TOPAZ )?(\d+\.\d+[\w.]*)", timeout=120),
    known=("0.3",),
    licence="GPL-3.0",
    cites=CITES,
)

FAILURES = (
    Failure(
        code="no-gpu-memory",
        when=r"CUDA out of memory|OutOfMemoryError",
        advice="raise downscale or lower the patch, or let nothing else use this GPU",
        retry=True,
    ),
    Failure(
        code="no-memory",
        when=r"DefaultCPUAllocator|can't allocate memory|MemoryError",
        advice="raise downscale or lower the patch, or let fewer tasks run at once",
        retry=True,
    ),
    Failure(
        code="torchvision-other-build",
        when=r"operator torchvision::\w+ does not exist",
        advice="torch and torchvision are of different builds, one for GPUs and one without: "
        "install both by one command, from the index that pytorch.org names for this machine",
    ),
    Failure(
        code="no-pkg-resources",
        when=r"Could not load resource",
        advice="with Python before 3.12 it finds its denoising models by pkg_resources, which "
        "newer setuptools lack: pip install 'setuptools<81' beside it",
    ),
    Failure(
        code="no-topaz",
        when=r"ModuleNotFoundError|ImportError",
        advice="the installation of topaz is not whole: run topaz --version by hand, and install "
        "topaz-em again into an environment of its own",
    ),
    Failure(
        code="bad-model",
        when=r"UnpicklingError|Unable to load model|No such file or directory: '[^']*\.sav'|"
        r"PytorchStreamReader|Invalid magic number",
        advice="give a model (.sav) that topaz train wrote, or one of those that it brings",
    ),
    Failure(
        code="no-place",
        when=r"No space left on device",
        advice="make room on the disk of the session",
    ),
)
"""By what it prints."""


def need(*, gpu: bool, cores: int, memory: int) -> Resources:
    """What one run holds: a GPU where it is asked for, or cores alone."""
    return Resources(cores=cores, memory=memory, gpus=1 if gpu else 0)


def machine_arguments(work: Work) -> tuple[str, ...]:
    """The GPU that the task was granted (`-d 0`, which is the first that it sees) and its cores."""
    return ("-d", "0" if work.gpus else "-1", "-j", str(work.cores))


def check_gpu(work: Work, log: Path) -> None:
    """Refuse that the program left the GPU aside and went on without a word in its status.

    Raises
    ------
    ItemFailed
        If a GPU was granted, and the log says that none was used.
    """
    if work.gpus and "Falling back to CPU" in log.read_text(encoding="utf-8", errors="replace"):
        raise ItemFailed(
            "topaz was given a GPU and worked without it",
            advice="its torch is built without CUDA or for another driver: compare nvidia-smi with "
            "python -c 'import torch; print(torch.version.cuda)' where topaz is installed, or set "
            "gpu to false",
            code="gpu-not-used",
        )
