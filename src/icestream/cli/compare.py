"""`icestream compare`: two branches side by side, in numbers and in pictures."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.engine.graph.differences import differences
from icestream.engine.record.workflows import session_workflow
from icestream.model import quality_of
from icestream.protocol import Registry, known_types
from icestream.report.comparison import BranchComparison, ComparedStep
from icestream.report.comparison import compare as compare_branches
from icestream.report.comparison_words import (
    amount,
    boxes_words,
    change_words,
    is_same,
    sided,
    verdict,
)
from icestream.report.difference_words import difference_lines
from icestream.report.paired import Paired
from icestream.store.open import open_store

__all__ = ["compare"]


def compare(
    session: Path,
    branch: str,
    other: str | None = None,
    /,
    *,
    step: str | None = None,
    html: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Show two branches side by side: what is better, worse, lost and gained, and by how much.

    Compared are the exposures that both have, one by one. What is said to differ differs by more
    than chance.

    Parameters
    ----------
    session
        The session's folder.
    branch
        Name of a branch; with one name, it is compared with the adopted one.
    other
        Name of the newer one, when two are named.
    step
        Only this step.
    html
        Write a page with plots, each exposure and pictures side by side into this file.
    json
        For programs.
    """
    old, new = (None, branch) if other is None else (branch, other)
    registry = Registry()
    with closing(open_store(session, readonly=True)) as store:
        found = compare_branches(store, old, new, [step] if step is not None else None)
        before, after = (session_workflow(store, name) for name in (found.old, found.new))
        changes = list(difference_lines(differences(before, after, registry), after, registry))
        if html is not None:
            from icestream.report.comparison_page import write_comparison

            protocols = [registry.get(each.protocol) for each in (*before.steps, *after.steps)]
            write_comparison(store, found, html, known_types(protocols), changes=changes)
    if json:
        print_json(dataclasses.asdict(found) | {"changes": changes, "verdict": verdict(found)})
        return
    print(f"{found.old} and {found.new}:", *changes, sep="\n  ")
    same = [each.name for each in found.steps if is_same(each)]
    if same:
        print("", f"no difference at all at {', '.join(same)}", sep="\n")
    for each in (each for each in found.steps if each.name not in same):
        print(*_lines(found, each), sep="\n")
        _print_rows(found, each)
    print("", "* differs by more than chance; ± is the standard error", sep="\n")
    print("", *verdict(found), sep="\n")
    if found.sample is not None:
        print(
            f"(on {found.sample} exposures chosen over the range of quality: their means are not "
            "those of the session)"
        )
    if html is not None:
        print(html)


def _lines(found: BranchComparison, step: ComparedStep) -> Iterator[str]:
    """What a step has in both branches, and what in one only."""
    yield ""
    if step.old_revision is None or step.new_revision is None:
        where = found.new if step.old_revision is None else found.old
        yield f"{step.name}: only in {where}, with {step.only_old + step.only_new} results"
        return
    if step.identical:
        yield f"{step.name}: the results are the same ones"
        return
    one = ", ".join(
        f"{count} only {where}"
        for count, where in ((step.only_old, found.old), (step.only_new, found.new))
        if count
    )
    of = "the newest results" if step.of_batches else f"{step.both} exposures have both"
    yield f"{step.name}: {of}{f', {one}' if one and not step.of_batches else ''}"
    told = (
        (step.fails.gained, f"failed in {found.old} only"),
        (step.fails.lost, f"fail in {found.new} only"),
        (step.selects.gained, f"let through in {found.new} only"),
        (step.selects.lost, f"held back in {found.new} only"),
    )
    for names, what in told:
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            yield f"  {len(names)} {what}: {', '.join(names[:5])}{more}"
    if step.fail_both:
        yield f"  {step.fail_both} fail in both"
    if step.particles is not None:
        yield f"  particles: {step.particles[0]:,} -> {step.particles[1]:,}"
    if step.boxes is not None:
        yield f"  {boxes_words(step.boxes, found.old, found.new)}"


def _print_rows(found: BranchComparison, step: ComparedStep) -> None:
    """The quantities of a step in a table."""
    rows = [_row(found, one) for one in step.qualities]
    if step.seconds is not None:
        rows.append(_row(found, step.seconds))
    rows += [
        (quality_of(name).title, amount(name, old), amount(name, new), "", "", "", "")
        for name, (old, new) in step.newest.items()
    ]
    if rows:
        heads = ("mean of", found.old, found.new, "difference", "", "", "same")
        print_table(heads, rows)


def _row(found: BranchComparison, one: Paired) -> tuple[str, ...]:
    quality = quality_of(one.name)
    sure = " *" if one.name != "seconds" and one.is_claimed(found.asked) else ""
    turns = quality.period is not None
    return (
        "Seconds for an exposure" if one.name == "seconds" else quality.title,
        "" if turns else amount(one.name, one.old),
        "" if turns else amount(one.name, one.new),
        f"{change_words(one)}{sure}",
        *sided(one),
        str(one.same) if one.same else "",
    )
