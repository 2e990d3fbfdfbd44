"""The sink that writes files."""

import json
from pathlib import Path

import pytest

from icestream.facility.sinks.files import FileSink, overlap
from icestream.facility.sinks.sink import SinkDown
from sink_sessions import DeliveredSession, delivery


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_for_each_parcel(tmp_path: Path) -> None:
    session = DeliveredSession(tmp_path / "s")
    session.grow(2)
    out = tmp_path / "out"
    out.mkdir()
    with delivery(session, FileSink(out)) as one:
        one.run()
        session.grow(1)
        one.run()
    found = lines(out / "s.jsonl")
    assert [line["id"] for line in found][:2] == ["session", "movie:1"]
    assert {line["session"] for line in found} == {"u1"}
    versions = [(line["id"], line["version"]) for line in found]
    assert len(versions) == len(set(versions))
    with pytest.raises(SinkDown, match="is no folder"):
        FileSink(tmp_path / "none").reach()
    FileSink(out).reach()


@pytest.mark.parametrize("cut", [0, 1, 50, 400, -1, -3000, None])
def test_what_a_killed_process_wrote_is_completed_and_not_doubled(
    tmp_path: Path, cut: int | None
) -> None:
    session = DeliveredSession(tmp_path / "s")
    session.grow(2)
    out = tmp_path / "out"
    out.mkdir()
    with delivery(session, FileSink(out)) as one:
        one.run()
        whole = (out / "s.jsonl").read_bytes()
        before = len(whole)
        session.grow(2)
        record = one.ledger.record

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        one.ledger.record = killed  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            one.run()
        one.ledger.record = record  # type: ignore[method-assign]
    written = (out / "s.jsonl").read_bytes()
    kept = written if cut is None else written[: before + (cut % (len(written) - before))]
    (out / "s.jsonl").write_bytes(kept)
    with delivery(session, FileSink(out)) as one:
        one.run()
    assert (out / "s.jsonl").read_bytes().startswith(written)
    versions = [(line["id"], line["version"]) for line in lines(out / "s.jsonl")]
    assert len(versions) == len(set(versions)) and ("movie:4" in dict(versions))


def test_where_the_old_ends_and_the_new_begins() -> None:
    assert overlap(b"", b"new\n") == (0, 0)
    assert overlap(b"old\n", b"new\n") == (4, 0)
    assert overlap(b"old\nne", b"new\n") == (6, 2)
    assert overlap(b"old\nol", b"new\n") == (4, 0)
    assert overlap(b"old\nnew\n", b"new\nmore\n") == (8, 4)
