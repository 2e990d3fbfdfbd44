"""Routes about one session get it and its store, or say what there is."""

import pytest

from icestream.server.errors import Refused
from icestream.server.sessions import known_branch
from report_session import SampleSession


def test_a_branch_that_is_not_is_refused_with_those_that_are(sample: SampleSession) -> None:
    assert known_branch(sample.store, None) is None
    assert known_branch(sample.store, "main") == "main"
    with pytest.raises(Refused, match="no branch tried") as caught:
        known_branch(sample.store, "tried")
    assert caught.value.status == 404
    assert "main" in (caught.value.advice or "")
