"""Buckets of a session that runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from icestream.cli.buckets import Buckets, from_bucket
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow, load_workflow
from object_server import ObjectServer, objects

__all__ = ["objects"]


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (("/data", "--out", "/s"), ("/data", "--out", "/s")),
        (
            ("s3://b/p/q/", "--out", "/s"),
            ("/s-movies", "--out", "/s", "--origin", "s3://b/p/q"),
        ),
        (
            ("--put-back", "s3://r/x", "s3://b/p/*/a?.tiff", "--watch"),
            ("--put-back", "s3://r/x", "/s-movies/*/a?.tiff", "--watch", "--origin", "s3://b/p"),
        ),
        (("/data", "--origin", "s3://b/p"), ("/data", "--origin", "s3://b/p")),
    ],
)
def test_a_bucket_becomes_a_folder_and_where_it_comes_from(
    tokens: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert from_bucket(tokens, "/s", None) == words


def test_the_folder_may_be_named() -> None:
    assert from_bucket(("s3://b/p",), "/s", "/fast/x")[0] == "/fast/x"
    assert from_bucket(("s3://b/p",), None, None) == ("s3://b/p",)  # --out is asked for elsewhere


def workflow(origin: str, *, watch: bool = False) -> Workflow:
    changes = {"pattern": "/s-movies/**/*.mrc", "origin": origin, "watch": watch}
    return load_workflow("default").changed("import", changes)


@pytest.mark.parametrize("watch", [False, True])
def test_a_source_waits_until_all_has_come(tmp_path: Path, watch: bool) -> None:
    buckets = Buckets(tmp_path, workflow("s3://movies/k", watch=watch), None)
    assert buckets.workflow.step("import").parameters["watch"] is True
    (brought,) = buckets._brought
    assert (brought.step, brought.ends) == ("import", not watch)
    assert brought.fetch.folder == Path("/s-movies")


def test_without_a_bucket_nothing_changes(tmp_path: Path) -> None:
    plain = load_workflow("default").changed("import", {"pattern": "/data"})
    assert Buckets(tmp_path, plain, None).workflow == plain


def test_addresses_that_are_none_are_refused_together(tmp_path: Path) -> None:
    with pytest.raises(InvalidWorkflow) as raised:
        Buckets(tmp_path, workflow("nas:/movies"), "gs://results")
    said = str(raised.value)
    assert "step 'import': origin: 'nas:/movies' is no place in a bucket" in said
    assert "--put-back: 'gs://results': buckets of gs are not read" in said


def test_whoever_may_name_only_some_folders_names_no_bucket(tmp_path: Path) -> None:
    asked = workflow("s3://movies/k")
    steps = tuple(replace(step, within=("/data",)) for step in asked.steps)
    with pytest.raises(InvalidWorkflow, match="not from afar"):
        Buckets(tmp_path, replace(asked, steps=steps), None)


def test_a_bucket_that_is_not_there_is_told_before_a_session_begins(
    objects: ObjectServer, tmp_path: Path
) -> None:
    Buckets(tmp_path, workflow("s3://movies/k"), "s3://results/x").reached()
    with pytest.raises(InvalidWorkflow, match="s3://nowhere/k: there is no bucket of that name"):
        Buckets(tmp_path, workflow("s3://nowhere/k"), None).reached()


def test_results_go_back_while_it_runs(objects: ObjectServer, tmp_path: Path) -> None:
    session = tmp_path / "lea"
    session.mkdir()
    (session / "a.txt").write_text("x")
    plain = load_workflow("default").changed("import", {"pattern": "/data"})
    with Buckets(session, plain, "s3://results/x").beside():
        pass
    assert "x/lea/processing/a.txt" in objects.names("results")
    assert Buckets(session, plain, None)._place is not None  # it is remembered
