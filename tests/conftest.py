"""What all tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real test data; skips where it is not available."""
    given = os.environ.get("ICESTREAM_TEST_DATA")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real test data not found in {folder} (set ICESTREAM_TEST_DATA)")
    return folder
