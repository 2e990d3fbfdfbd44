"""Bad input for every reader: coverage-guided, for as long as there is time.

    pip install --group campaign
    python benchmarks/fuzz_campaign.py [--reader mrc]... [--seconds 20] [--corpus FOLDER]

The readers are those of tests/bad_input. A finding is an error that is not the one with which the
reader says that a file is bad, a refusal without a word, more than a gigabyte of memory or more
than ten seconds of a processor for 64 kB, a crash of the interpreter, or no end. Each is written
to FOLDER/found/READER with its traceback; one that is to be tried again by the tests is put into
tests/data/fuzzed/READER. Inputs that reached something new stay in FOLDER/READER, and the next
campaign begins with them. What was found is on the page explanation/bad-input.
"""

import argparse
import hashlib
import importlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

_LIMIT = 60
"""Seconds after which an input has no end."""
_RESIDENT = 6144
"""MB of a process: what is mapped and never touched is told by the readers' own limit."""
_EXECUTED = re.compile(rb"stat::number_of_executed_units:\s*(\d+)")
_COVERED = re.compile(rb"cov: (\d+)")
_COMPILED = ("eer_kernels", "lzw_kernels", "row_kernels")
"""Modules of `icestream.formats` that numba compiles, which cannot be instrumented."""


@dataclass(frozen=True, slots=True)
class _Run:
    """What became of one reader."""

    reader: str
    executions: int
    covered: int
    seconds: float
    findings: tuple[str, ...]


def main() -> int:
    """Run the campaign; 1 where something was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--reader", action="append", metavar="NAME", help="this one; all by default"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="for each reader")
    parser.add_argument("--corpus", type=Path, metavar="FOLDER", help="where inputs are kept")
    parser.add_argument("--list", action="store_true", help="name the readers, and end")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        group, name, *modules = asked.inside.split(":")
        return _inside(name, group, modules, asked.corpus, asked.seconds)
    from bad_input.all import GROUPS

    known = {
        one.name: ":".join([group, one.name, *one.modules])
        for group, listed in GROUPS.items()
        for one in listed
    }
    if asked.list:
        print("\n".join(known))
        return 0
    wrong = sorted(set(asked.reader or ()) - set(known))
    if wrong:
        parser.error(f"no reader {', '.join(wrong)}; there are {', '.join(known)}")
    corpus = asked.corpus or Path(tempfile.mkdtemp(prefix="icestream-corpus-"))
    runs = [_run(known[name], corpus.absolute(), asked.seconds) for name in asked.reader or known]
    found = sum(len(run.findings) for run in runs)
    executions = sum(run.executions for run in runs)
    spent = sum(run.seconds for run in runs)
    print(f"{len(runs)} readers, {executions} executions in {spent:.0f} s, {found} findings")
    if found or asked.corpus:
        print(f"inputs are kept in {corpus}")
    else:
        shutil.rmtree(corpus)
    return int(found > 0)


def _run(inside: str, corpus: Path, seconds: float) -> _Run:
    """One reader, in a process of its own."""
    reader = inside.split(":")[1]
    kept, found = corpus / reader, corpus / "found" / reader
    kept.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    before = {one.name for one in found.iterdir()}
    began = time.monotonic()
    argv = [sys.executable, __file__, "--inside", inside, "--corpus", str(corpus)]
    with (corpus / f"{reader}.log").open("wb") as log:
        subprocess.run(
            [*argv, "--seconds", f"{seconds:g}"], stdout=log, stderr=subprocess.STDOUT, check=False
        )
    told = (corpus / f"{reader}.log").read_bytes()
    executed = _EXECUTED.search(told)
    covered = _COVERED.findall(told)
    new = sorted(one for one in found.iterdir() if one.name not in before)
    findings = [one.read_text().splitlines()[0] for one in new if one.suffix == ".txt"]
    # What libFuzzer itself kept: no end, a dead interpreter, no memory left.
    findings += [f"{one.name.split('-')[0]}: {one.name}" for one in new if "-" in one.name]
    if executed is None and not findings:
        tail = told.decode(errors="replace")[-2000:]
        raise SystemExit(f"{reader} did not run:\n{tail}")
    run = _Run(
        reader,
        int(executed[1]) if executed else 0,
        int(covered[-1]) if covered else 0,
        time.monotonic() - began,
        tuple(findings),
    )
    print(
        f"{reader:18} {run.executions:>9} executions {run.covered:>6} places {run.seconds:6.0f} s"
    )
    for finding in findings:
        print(f"    {finding}")
    sys.stdout.flush()
    return run


def _inside(name: str, group: str, modules: list[str], corpus: Path, seconds: float) -> int:
    """Run one reader until the time is over; libFuzzer ends this process."""
    import atheris

    excluded = [f"icestream.formats.{one}" for one in _COMPILED]
    with atheris.instrument_imports(include=modules, exclude=excluded):
        listed = getattr(importlib.import_module(f"bad_input.{group}"), group.upper())
        target = next(one for one in listed if one.name == name)
    from bad_input.mutations import mutated
    from bad_input.target import tried

    folder = Path(tempfile.mkdtemp(prefix="icestream-fuzzed-", dir=_memory()))
    seeds = folder / "seeds"
    seeds.mkdir()
    target.seeds(seeds)
    place = folder / "given"
    seen: set[str] = set()

    def one(given: bytes) -> None:
        finding = tried(target, given, place)
        if finding is not None and finding.key not in seen:
            seen.add(finding.key)
            small = _smaller(target, given, finding.key, place)
            _keep(corpus / "found" / name, small, finding)

    def mutate(given: bytes, most: int, seed: int) -> bytes:
        chosen = random.Random(seed)
        if chosen.random() < 0.5:
            return atheris.Mutate(given, most)
        return mutated(given, target.kind, chosen, most)

    argv = [
        sys.argv[0], f"-max_total_time={seconds:g}", "-max_len=65536", f"-timeout={_LIMIT}",
        f"-rss_limit_mb={_RESIDENT}", "-print_final_stats=1", "-verbosity=1",
        f"-artifact_prefix={corpus / 'found' / name}/", str(corpus / name), str(seeds),
    ]  # fmt: skip
    argv[1] = f"-max_total_time={max(1, round(seconds))}"
    atheris.Setup(argv, one, custom_mutator=mutate)
    atheris.Fuzz()
    return 0


def _memory() -> str | None:
    """A folder in memory: a file is written for each execution."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() and os.access(shared, os.W_OK) else None


def _smaller(target: Any, given: bytes, key: str, folder: Path, tries: int = 300) -> bytes:
    """The input without what the finding does not need."""
    from bad_input.target import tried

    step = max(1, len(given) // 2)
    while step and tries > 0:
        at = 0
        while at < len(given) and tries > 0:
            less = given[:at] + given[at + step :]
            finding = tried(target, less, folder)
            tries -= 1
            if finding is not None and finding.key == key:
                given = less
            else:
                at += step
        step //= 2
    return given


def _keep(folder: Path, given: bytes, finding: Any) -> None:
    name = hashlib.sha256(given).hexdigest()[:16]
    (folder / name).write_bytes(given)
    (folder / f"{name}.txt").write_text(f"{finding.key}\n{finding.told}")


if __name__ == "__main__":
    sys.exit(main())
