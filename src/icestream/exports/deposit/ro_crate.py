"""A session as an RO-Crate: a folder whose files and history any catalogue can read.

It is a Provenance Run Crate, the most that the Workflow Run profiles say: the workflow, each of its
steps as a tool with its version, and when each was run with which parameters. What happened to
each exposure is not in the description, which would grow without end, but in ``lineage.jsonl``.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from icestream.exports.deposit.about import About, Author, read_about
from icestream.exports.deposit.bibtex import bibtex
from icestream.exports.deposit.facts import DepositFacts, UsedStep, gather_facts
from icestream.exports.provenance import write_provenance
from icestream.exports.sheet import methods_text
from icestream.exports.table import table_rows, write_table
from icestream.model import safe_file_name
from icestream.store.open import open_store
from icestream.store.standing import reruns
from icestream.whole import written_whole

__all__ = ["METADATA", "export_ro_crate", "ro_crate"]

METADATA = "ro-crate-metadata.json"
_CRATE = "https://w3id.org/ro/crate/1.1"
_WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
_PROFILES = ("process", "workflow", "provenance")
_WORKFLOW = "workflow-as-run.json"
_ENDED = ("done", "stopped")
_Entity = dict[str, Any]
_FILES: dict[str, tuple[str, str]] = {
    _WORKFLOW: ("application/json", "The workflow as it was run"),
    "workflow.json": ("application/json", "The workflow as people set it, to be run again"),
    "lineage.jsonl": ("application/jsonl", "How every result was made, one line for each"),
    "exposures.csv": ("text/csv", "All exposures with what was measured of them"),
    "methods.txt": ("text/plain", "The methods section"),
    "sources.bib": ("application/x-bibtex", "What to cite"),
    "README.md": ("text/markdown", "What is in the crate"),
    "averages.mrcs": ("application/x-mrc", "Averages of the 2D classes"),
    "map.mrc": ("application/x-mrc", "The first map"),
    "half1.mrc": ("application/x-mrc", "The map of one half of the particles"),
    "half2.mrc": ("application/x-mrc", "The map of the other half"),
}
"""What may be in a crate: its media type, and what it is."""


def export_ro_crate(session: Path, out: Path, about: Path | None = None) -> tuple[str, ...]:
    """Write a crate of the session in a folder; say what it lacks.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    out
        The crate's folder: a new or empty one, or an earlier crate, which is brought up to date.
    about
        What people say of it; by default ``deposition.toml`` in the session's folder.

    Raises
    ------
    FileExistsError
        If there is something else in the folder.
    """
    said = read_about(session, about)
    if out.exists() and not (out / METADATA).exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty, and no crate: name another folder")
    facts = gather_facts(session)
    out.mkdir(parents=True, exist_ok=True)
    lost = _write_files(facts, session, out)
    document, missing = ro_crate(
        facts, said, {path.name: path.stat().st_size for path in out.iterdir()}
    )
    with written_whole(out / METADATA) as unfinished:
        text = json.dumps(document, indent=1, ensure_ascii=False)
        unfinished.write_text(f"{text}\n", encoding="utf-8")
    return (*missing, *lost, *facts.assumptions())


def _write_files(facts: DepositFacts, session: Path, out: Path) -> tuple[str, ...]:
    """Write all that is in the crate but its description; say which files are lost."""
    with closing(open_store(session, readonly=True)) as store:
        write_provenance(store, out, reruns(store).standing)
        with (
            written_whole(out / "exposures.csv") as unfinished,
            unfinished.open("w", encoding="utf-8", newline="") as file,
        ):
            write_table(list(table_rows(store)), "csv", file)
    for name, text in (("methods.txt", methods_text(session)), ("sources.bib", bibtex(facts))):
        with written_whole(out / name) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    classes, volume = facts.classes, facts.volume
    images = {
        "averages.mrcs": None if classes is None else classes.averages,
        "map.mrc": None if volume is None else volume.map,
        "half1.mrc": None if volume is None else volume.half1,
        "half2.mrc": None if volume is None else volume.half2,
    }
    lost = []
    for name, path in images.items():
        (out / name).unlink(missing_ok=True)  # one of an earlier map is not of this crate
        if path is None:
            continue
        try:
            with written_whole(out / name) as unfinished:
                shutil.copyfile(facts.folder / path, unfinished)
        except OSError as error:
            lost.append(f"{name} is left out: {facts.folder / path}: {error.strerror}")
    there = [name for name in _FILES if (out / name).exists() or name == "README.md"]
    lines = [
        f"# {facts.session.name}",
        "",
        f"An RO-Crate of a cryo-EM session; `{METADATA}` describes it.",
        "",
    ]
    lines += [f"* `{name}`: {_FILES[name][1][0].lower()}{_FILES[name][1][1:]}" for name in there]
    with written_whole(out / "README.md") as unfinished:
        unfinished.write_text("\n".join((*lines, "")), encoding="utf-8")
    return tuple(lost)


def ro_crate(
    facts: DepositFacts, about: About, sizes: dict[str, int]
) -> tuple[_Entity, tuple[str, ...]]:
    """The description of a crate, and sentences on what it lacks.

    Parameters
    ----------
    facts
        Of the session.
    about
        What people say of it.
    sizes
        Bytes of the files in the crate by their names.
    """
    files = [name for name in _FILES if name in sizes]
    ran = [step for step in facts.steps if step.run is not None]
    people = [_person(author, number) for number, author in enumerate(about.authors, 1)]
    profiles = [f"https://w3id.org/ro/wfrun/{name}/0.5" for name in _PROFILES] if ran else []
    graph: list[_Entity] = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": _to(_CRATE, _WORKFLOW_CRATE),
            "about": {"@id": "./"},
        },
        _root(facts, about, files, [*profiles, _WORKFLOW_CRATE]),
        *(
            {
                "@id": one,
                "@type": "CreativeWork",
                "name": _profile(one),
                "version": one.rsplit("/")[-1],
            }
            for one in (*profiles, _WORKFLOW_CRATE)
        ),
        *(_file(name, sizes[name]) for name in files if name != _WORKFLOW),
        *_workflow(facts, ran, sizes.get(_WORKFLOW, 0)),
        *(_run(facts, ran, files) if ran else ()),
        *people,
        *(
            {"@id": _place(author), "@type": "Organization", "name": author.organization}
            for author in {
                one.organization: one for one in about.authors if one.organization
            }.values()
        ),
    ]
    if about.licence is not None:
        graph.append({"@id": about.licence, "@type": "CreativeWork", "name": about.licence})
    return {"@context": f"{_CRATE}/context", "@graph": graph}, tuple(_missing(about, ran))


def _missing(about: About, ran: Sequence[UsedStep]) -> Iterator[str]:
    if about.licence is None:
        yield "license is required: say licence"
    if not about.authors:
        yield "author is not known: say authors"
    if about.title is None:
        yield "the session's name is its title: say title"
    if not ran:
        yield "no step has made anything yet: there is no run to describe"


def _root(
    facts: DepositFacts, about: About, files: Sequence[str], profiles: Sequence[str]
) -> _Entity:
    found: _Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": about.title or facts.session.name,
        "description": f"Cryo-EM session {facts.session.name}, processed with icestream: "
        f"{len(facts.exposures)} exposures, of which {len(facts.kept)} were kept.",
        "identifier": facts.session.uid,
        "datePublished": f"{datetime.now(UTC):%Y-%m-%d}",
        "conformsTo": _to(*profiles),
        "hasPart": _to(*files),
        "mainEntity": {"@id": _WORKFLOW},
        "author": _to(*(_name(one, number) for number, one in enumerate(about.authors, 1))),
        "license": {"@id": about.licence} if about.licence else None,
    }
    ran = [f"#run-{step.record.name}" for step in facts.steps if step.run is not None]
    if ran:
        found["mentions"] = _to("#run", "#session", "#exposures", *ran)
    return {name: value for name, value in found.items() if value}


def _profile(address: str) -> str:
    if "wfrun" not in address:
        return "Workflow RO-Crate"
    return f"{address.split('/')[-2].title()} Run Crate"


def _file(name: str, size: int) -> _Entity:
    media, words = _FILES[name]
    return {
        "@id": name,
        "@type": "File",
        "name": words,
        "encodingFormat": media,
        "contentSize": str(size),
        **({"about": {"@id": "./"}} if name == "README.md" else {}),
    }


def _workflow(facts: DepositFacts, ran: Sequence[UsedStep], size: int) -> Iterator[_Entity]:
    """The workflow, its language, its steps and the protocols that these place."""
    tools = dict.fromkeys(_tool(step) for step in ran)
    taken = "#input"
    found = _file(_WORKFLOW, size) | {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": facts.workflow.name,
        "description": _FILES[_WORKFLOW][1],
        "version": facts.session.uid,
        "programmingLanguage": {"@id": "#language"},
        "input": _to(taken),
        "hasPart": _to(*tools),
        "step": _to(*(_step(step) for step in ran)),
    }
    yield {name: value for name, value in found.items() if value}
    yield {
        "@id": "#language",
        "@type": "ComputerLanguage",
        "name": "icestream workflow",
        "description": "JSON with the steps, the protocols that they place, and their parameters",
    }
    yield {
        "@id": taken,
        "@type": "FormalParameter",
        "additionalType": "Collection",
        "conformsTo": _to("https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"),
        "name": "exposures",
        "valueRequired": True,
    }
    known: set[str] = set()
    for position, step in enumerate(ran, 1):
        yield {
            "@id": _step(step),
            "@type": "HowToStep",
            "name": step.record.name,
            "position": str(position),
            "workExample": {"@id": _tool(step)},
        }
        if _tool(step) not in known:
            known.add(_tool(step))
            yield _application(facts, step)


def _application(facts: DepositFacts, step: UsedStep) -> _Entity:
    assert step.run is not None
    software = facts.epochs[-1].software if facts.epochs else {}
    package = f"{step.package} {software.get(step.package, '')}".strip()
    version = f"version {step.run.version}" + (f" of {package}" if package else "")
    return {
        "@id": _tool(step),
        "@type": "SoftwareApplication",
        "name": f"{step.title} ({step.record.protocol})",
        "softwareVersion": version,
        **({"citation": "; ".join(step.sources)} if step.sources else {}),
    }


def _run(facts: DepositFacts, ran: Sequence[UsedStep], files: Sequence[str]) -> Iterator[_Entity]:
    """The session's run, that of each step, and who organized them: the engine."""
    software = facts.epochs[-1].software if facts.epochs else {}
    made = [name for name in files if name not in ("workflow.json", _WORKFLOW)]
    began, ended = facts.session.created, facts.session.changed
    span = {"startTime": _time(began)}
    if facts.session.state in _ENDED:
        span["endTime"] = _time(ended)
        span["actionStatus"] = "http://schema.org/CompletedActionStatus"
    yield {
        "@id": "#engine",
        "@type": "SoftwareApplication",
        "name": "icestream",
        "softwareVersion": software.get("icestream", "unknown"),
    }
    yield {
        "@id": "#exposures",
        "@type": "Collection",
        "name": "Raw images of the session",
        "description": f"{len(facts.exposures)} exposures, listed in exposures.csv; not in here",
        "hasPart": {"@id": "exposures.csv"},
        "exampleOfWork": {"@id": "#input"},
    }
    yield {
        "@id": "#session",
        "@type": "OrganizeAction",
        "name": f"icestream ran the session {facts.session.name}",
        "instrument": {"@id": "#engine"},
        "object": _to(*(f"#control-{step.record.name}" for step in ran)),
        "result": {"@id": "#run"},
        **span,
    }
    yield {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"The workflow {facts.workflow.name} of the session {facts.session.name}",
        "description": f"{len(facts.exposures)} exposures, session {facts.session.state}",
        "instrument": {"@id": _WORKFLOW},
        "object": _to("#exposures"),
        "result": _to(*made),
        **span,
    }
    for step in ran:
        yield from _run_of(step, files)


def _run_of(step: UsedStep, files: Sequence[str]) -> Iterator[_Entity]:
    assert step.run is not None
    name, protocol = step.record.name, step.record.protocol
    images = {"classes2d": ("averages.mrcs",), "volume": ("map.mrc", "half1.mrc", "half2.mrc")}
    wanted = ("lineage.jsonl", *images.get(protocol.partition(".")[0], ()))
    values = {
        f"#{name}/{parameter}": (parameter, value)
        for parameter, value in sorted(step.record.parameters.items())
    }
    yield {
        "@id": f"#control-{name}",
        "@type": "ControlAction",
        "name": f"icestream ran the step {name}",
        "instrument": {"@id": _step(step)},
        "object": {"@id": f"#run-{name}"},
    }
    yield {
        "@id": f"#run-{name}",
        "@type": "CreateAction",
        "name": f"{step.title}, step {name}",
        "description": f"revision {step.record.revision} of the step: {step.run.results} results, "
        "each with its time and its inputs in lineage.jsonl",
        "instrument": {"@id": _tool(step)},
        "object": _to("#exposures", *values),
        "result": _to(*(file for file in wanted if file in files)),
        "startTime": _time(step.run.began),
        "endTime": _time(step.run.ended),
    }
    for address, (parameter, value) in values.items():
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield {"@id": address, "@type": "PropertyValue", "name": parameter, "value": told}


def _person(author: Author, number: int) -> _Entity:
    found = {
        "@id": _name(author, number),
        "@type": "Person",
        "name": f"{author.first} {author.last}",
        "givenName": author.first,
        "familyName": author.last,
        "email": author.email,
        "affiliation": {"@id": _place(author)} if author.organization else None,
    }
    return {name: value for name, value in found.items() if value}


def _place(author: Author) -> str:
    return f"#organization-{safe_file_name(author.organization or '')}"


def _name(author: Author, number: int) -> str:
    return f"https://orcid.org/{author.orcid}" if author.orcid else f"#author-{number}"


def _tool(step: UsedStep) -> str:
    return f"#protocol-{step.record.protocol}"


def _step(step: UsedStep) -> str:
    return f"{_WORKFLOW}#{step.record.name}"


def _to(*names: str) -> _Entity | list[_Entity]:
    """References; a single one is no list, as the specification wants it."""
    found = [{"@id": name} for name in names]
    return found[0] if len(found) == 1 else found


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
