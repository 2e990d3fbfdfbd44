"""The files of a new plugin: a package that works, to be changed from there."""

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

__all__ = ["NoName", "write_plugin"]

_FILES: Mapping[str, str] = MappingProxyType(
    {
        "README.md": "README.md",
        "docs/{short}.md": "docs.md",
        "pyproject.toml": "pyproject.toml",
        "src/{module}/__init__.py": "init.py",
        "src/{module}/run.py": "protocol.py",
        "tests/stand_in.py": "stand_in.py",
        "tests/test_run.py": "test_protocol.py",
    }
)
"""What each file of a plugin is written from."""

_DISTRIBUTION = re.compile(r"(?=.{11,40}$)icestream-[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PROGRAM = re.compile(r"[A-Za-z0-9][\w.+-]{0,39}")
"""None longer than what keeps the lines of the files short."""


class NoName(ValueError):
    """A name that no package, or no program, can have here."""


def write_plugin(folder: Path, name: str, program: str) -> tuple[Path, ...]:
    """Write a plugin that runs a program on each micrograph, with tests and a page of docs.

    Parameters
    ----------
    folder
        Made for it.
    name
        Of the distribution: ``icestream-smooth``.
    program
        Name of the executable.

    Returns
    -------
    tuple of Path
        What was written, relative to `folder`.

    Raises
    ------
    NoName
        If `name` or `program` is none that can be written into these files.
    FileExistsError
        If the folder is there already and has something in it.
    """
    if not _DISTRIBUTION.fullmatch(name):
        raise NoName(
            f"{name!r} is no name of a plugin; write icestream- and small letters, 40 at "
            "most, such as icestream-smooth"
        )
    if not _PROGRAM.fullmatch(program):
        raise NoName(
            f"{program!r} is no name of a program; write its name without folders, such as smooth: "
            "where it is, the setting `programs` says"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is there already; choose another folder, or remove it")
    short = name.removeprefix("icestream-").replace("-", "_")
    words = {
        "distribution": name,
        "module": name.replace("-", "_"),
        "short": short,
        "program": program,
        "protocol": f"micrographs.{short}",
        "title": f"Run {program}",
    }
    return tuple(_write(folder, path.format(**words), made, words) for path, made in _FILES.items())


def _write(folder: Path, name: str, made: str, words: Mapping[str, str]) -> Path:
    from jinja2 import Environment, StrictUndefined

    template = files("icestream.cli") / "skeleton" / f"{made}.jinja"
    engine = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - Python, not HTML
    text = engine.from_string(template.read_text("utf-8")).render(words)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Path(name)
