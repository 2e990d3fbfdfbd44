"""RELION's pipeline: ``default_pipeline.star``, and the ``job.star`` of each job beside it.

The pipeline says which job makes which file, and which takes it; a job's own file has its options.
Types of jobs are labels from RELION 4 on, such as ``relion.motioncorr.own``, and numbers before.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from icestream.engine.graph.document import MOST_STEPS
from icestream.exchange.foreign import MOST, ForeignLink, ForeignStep, ForeignWorkflow, NotImported
from icestream.formats.errors import FormatError
from icestream.formats.numbers import shortened
from icestream.formats.star import Block, read_star

__all__ = ["PIPELINE", "read_relion"]

PIPELINE = "default_pipeline.star"
_JOB = "job.star"
_MOST_TOLD = 20
"""Names that are told."""
_FILES = ("fn_in_raw", "fn_gain_ref", "fn_defect")
"""Options that name files, which are looked for from the project's folder."""
_NUMBERS = {
    0: "import", 1: "motioncorr", 2: "ctffind", 3: "manualpick", 4: "autopick", 5: "extract",
    7: "select", 8: "class2d", 9: "class3d", 10: "refine3d", 12: "maskcreate", 13: "joinstar",
    14: "subtract", 15: "postprocess", 16: "localres", 18: "initialmodel", 19: "multibody",
    20: "polish", 21: "ctfrefine", 99: "external",
}  # fmt: skip
"""Types of jobs before RELION 4."""
_VARIANTS = {
    "import": (("do_raw", "import.movies"), ("do_other", "import.other")),
    "motioncorr": (("do_own_motioncor", "motioncorr.own"), ("", "motioncorr.motioncor2")),
    "ctffind": (("use_gctf", "ctffind.gctf"), ("", "ctffind.ctffind4")),
    "autopick": (("do_log", "autopick.log"), ("do_topaz", "autopick.topaz.pick"),
                 ("do_refs", "autopick.ref2d"), ("do_ref3d", "autopick.ref3d")),
    "select": (("do_class_ranker", "select.class2dauto"), ("", "select.interactive")),
}  # fmt: skip
"""What a job of such a type is, by the first of its options that is on."""


def read_relion(path: Path) -> ForeignWorkflow:
    """Read the pipeline of a project.

    Parameters
    ----------
    path
        The project's folder, or the pipeline in it.

    Raises
    ------
    NotImported
        If there is no pipeline, or it cannot be read.
    """
    file = path / PIPELINE if path.is_dir() else path
    what = f"{file} is no pipeline of RELION that can be read"
    if not file.is_file():
        raise NotImported(what, [f"there is no file {file}"])
    blocks = _blocks(file, what)
    processes = blocks.get("pipeline_processes")
    if processes is None or "rlnPipeLineProcessName" not in processes:
        raise NotImported(what, ["it has no table data_pipeline_processes with names of jobs"])
    if len(processes) > MOST_STEPS:
        raise NotImported(what, [f"it has {len(processes)} jobs, and {MOST_STEPS} are the most"])
    jobs = [name.rstrip("/") for name in processes.text("rlnPipeLineProcessName")]
    twice = [name for name, count in Counter(jobs).items() if count > 1]
    if twice:
        told = ", ".join(map(shortened, twice[:_MOST_TOLD]))
        raise NotImported(what, [f"it has jobs more than once: {told}"])
    edges = _edges(blocks.get("pipeline_output_edges"), "ToNode", "Process")
    makers = {node: job for node, job in edges if job in jobs}
    taking: dict[str, list[str]] = {}
    for job, node in _edges(blocks.get("pipeline_input_edges"), "Process", "FromNode"):
        taking.setdefault(job, []).append(node)
    alias_of = "rlnPipeLineProcessAlias"
    aliases = processes.text(alias_of) if alias_of in processes else []
    remarks: list[str] = []
    steps = []
    for row, id_ in enumerate(jobs):
        options = _options(file.parent, id_, remarks)
        kind = _kind(processes, row, id_, options)
        alias = aliases[row] if aliases else "None"
        links = _links(options, taking.get(id_, []), makers)
        steps.append(
            ForeignStep(
                id=id_,
                kind=kind,
                label="" if alias == "None" else alias.rstrip("/"),
                values={k: _value(k, v, file.parent) for k, v in options.items() if k not in links},
                raw=options,
                links=links,
            )
        )
    if not steps:
        raise NotImported(what, ["it has no jobs"])
    return ForeignWorkflow(
        program="relion",
        form="pipeline",
        name=file.parent.resolve().name or "relion",
        steps=tuple(steps),
        remarks=tuple(remarks),
    )


def _blocks(file: Path, what: str) -> Mapping[str, Block]:
    try:
        if file.stat().st_size > MOST:
            raise NotImported(what, [f"it is larger than {MOST / 1e6:.0f} MB"])
        return read_star(file)
    except (FormatError, OSError, UnicodeError) as error:
        raise NotImported(what, [str(error)]) from None


def _edges(block: Block | None, key: str, value: str) -> Iterator[tuple[str, str]]:
    """Pairs of a table of edges, without the slashes at the ends of jobs."""
    if block is None:
        return
    labels = (f"rlnPipeLineEdge{key}", f"rlnPipeLineEdge{value}")
    if all(label in block for label in labels):
        for one, other in zip(*(block.text(label) for label in labels), strict=True):
            yield one.rstrip("/"), other.rstrip("/")


def _options(root: Path, id_: str, remarks: list[str]) -> dict[str, str]:
    """What a job's own file says; nothing, and a remark, where there is none."""
    file = root / id_ / _JOB
    try:
        # Names in the pipeline lead nowhere but into the project.
        there = file.resolve().is_relative_to(root.resolve()) and file.is_file()
    except (OSError, RuntimeError, ValueError):  # a name that no folder can have
        there = False
    if not there:
        remarks.append(f"{id_}: there is no {_JOB} in its folder, so its options are not known")
        return {}
    try:
        block = _blocks(file, f"{file}: not read").get("joboptions_values")
    except NotImported as error:
        remarks.append(str(error))
        return {}
    if block is None or not {"rlnJobOptionVariable", "rlnJobOptionValue"} <= set(block.columns):
        remarks.append(f"{id_}: its {_JOB} has no table data_joboptions_values")
        return {}
    values = (value.strip("\"'") for value in block.text("rlnJobOptionValue"))
    return dict(zip(block.text("rlnJobOptionVariable"), values, strict=True))


def _kind(processes: Block, row: int, id_: str, options: Mapping[str, str]) -> str:
    """The type of a job, without the word relion."""
    if "rlnPipeLineProcessTypeLabel" in processes:
        label = processes.text("rlnPipeLineProcessTypeLabel")[row].removeprefix("relion.")
        return label if "." in label or label not in _VARIANTS else _variant(label, options)
    kind = id_.partition("/")[0].lower()
    if "rlnPipeLineProcessType" in processes:
        with contextlib.suppress(ValueError):
            number = int(processes.text("rlnPipeLineProcessType")[row])
            kind = _NUMBERS.get(number, kind)
    return _variant(kind, options)


def _variant(kind: str, options: Mapping[str, str]) -> str:
    for option, variant in _VARIANTS.get(kind, ()):
        if not option or options.get(option) == "Yes":
            return variant
    return kind


def _links(
    options: Mapping[str, str], nodes: list[str], makers: Mapping[str, str]
) -> dict[str, tuple[ForeignLink, ...]]:
    """Which options lead to other jobs; a file that no option names has a name of its own."""
    found: dict[str, tuple[ForeignLink, ...]] = {}
    named = set()
    for option, value in options.items():
        if value in makers:
            found[option] = (ForeignLink(makers[value], value.rpartition("/")[2]),)
            named.add(value)
    rest = [node for node in nodes if node in makers and node not in named]
    for number, node in enumerate(rest, 1):
        found[f"input_{number}"] = (ForeignLink(makers[node], node.rpartition("/")[2]),)
    return found


def _value(option: str, text: str, root: Path) -> Any:
    """An option as a value: yes and no, numbers, paths from the project's folder, text."""
    if text in ("Yes", "No"):
        return text == "Yes"
    if option in _FILES and text and not Path(text).is_absolute():
        return str(root.resolve() / text)
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text
