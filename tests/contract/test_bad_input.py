"""Every reader takes bad input as it says: it refuses it with its own error, soon and in words.

What a campaign has found (benchmarks/fuzz_campaign.py) is in tests/data/fuzzed, by reader.
"""

from pathlib import Path

import pytest

from bad_input.all import TARGETS, seeds_of, tried_at_random
from bad_input.target import Target, tried

FUZZED = Path(__file__).parents[1] / "data" / "fuzzed"
EACH = 40
"""Inputs for each reader; the campaign tries as many as there is time for."""

by_reader = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


def test_readers_have_names_of_their_own() -> None:
    names = [target.name for target in TARGETS]
    assert len(set(names)) == len(names)
    assert {folder.name for folder in FUZZED.iterdir()} <= set(names)


@by_reader
def test_good_input_is_read(target: Target, tmp_path: Path) -> None:
    """What mutations begin with is good; readers that share it each take some of it."""
    read = 0
    for number, given in enumerate(seeds_of(target, tmp_path / "seeds")):
        path = tmp_path / str(number) / target.file
        path.parent.mkdir(parents=True)
        path.write_bytes(given)
        try:
            target.read(path)
        except target.allowed:
            continue
        read += 1
    assert read


@by_reader
def test_what_was_found_once_is_refused_now(target: Target, tmp_path: Path) -> None:
    kept = FUZZED / target.name
    for path in sorted(kept.iterdir()) if kept.is_dir() else ():
        finding = tried(target, path.read_bytes(), tmp_path / "given")
        assert finding is None, f"{path}: {finding.told}"


@by_reader
def test_bad_input_is_refused(target: Target, tmp_path: Path) -> None:
    for given, finding in tried_at_random(target, 1, EACH, tmp_path):
        (tmp_path / "found").write_bytes(given)
        pytest.fail(f"{tmp_path / 'found'}: {finding.told}")
