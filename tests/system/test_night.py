"""`benchmarks/night.py`: the script of a night, played in minutes."""

import subprocess
import sys
from pathlib import Path

import pytest

from icestream.store import queries
from icestream.store.history import decided_words, history
from icestream.store.open import open_store

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "night.py"


@pytest.mark.timeout(1000)
def test_a_short_night_is_played_to_its_end(tmp_path: Path) -> None:
    """Tried, compared, adopted, limited, undone and killed, with nothing lost."""
    out = tmp_path / "night"
    played = subprocess.run(
        [sys.executable, SCRIPT, "--exposures", "80", "--speed", "60", "--out", out],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    said = played.stdout
    assert played.returncode == 0, said + played.stderr
    assert "is better in sensitive" in said, "the compare page says what the try brought"
    assert "| aged-gain | 73 to 80 |" in said
    assert "no longer fits the camera" in (out / "told.md").read_text()
    store = open_store(out / "session", readonly=True)
    states = queries.count_exposures(store)
    decisions = [decided_words(one) for one in history(store) if not one.by_session]
    store.close()
    assert states["done"] + states["rejected"] == 80, "nothing was lost by kill -9"
    assert decisions == [
        "branch sensitive: pick threshold=4.5, 20 exposures",
        "adopt-branch sensitive",
        "set select resolution_max=5.0",
        "undo select.resolution_max is 8.0 again",
    ]


def test_a_folder_of_somebody_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    refused = subprocess.run(
        [sys.executable, SCRIPT, "--out", tmp_path], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "name another folder with --out" in refused.stdout
    assert (tmp_path / "mine.txt").exists()
