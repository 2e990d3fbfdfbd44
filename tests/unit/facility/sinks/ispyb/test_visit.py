"""Which session of ISPyB is meant."""

from typing import Any

import pytest

from icestream.facility.sinks.ispyb.schema import read_schema
from icestream.facility.sinks.ispyb.visit import find_visit
from icestream.facility.sinks.sink import Held


def test_a_visit_or_a_number_and_nothing_else(ispyb: Any) -> None:
    schema = read_schema(ispyb.engine)
    with ispyb.engine.connect() as connection:
        assert find_visit(connection, schema, "cm31111-5", "s") == 7
        assert find_visit(connection, schema, " 7 ", "s") == 7
        for chosen in ("cm31111-4", "mx31111-5", "8"):
            with pytest.raises(Held, match=f"has no session '{chosen}'; say which one it is"):
                find_visit(connection, schema, chosen, "s")
        with pytest.raises(Held, match="neither its booking nor a person"):
            find_visit(connection, schema, "", "s")
        with pytest.raises(Held, match="is no visit of ISPyB"):
            find_visit(connection, schema, "6b02-4f", "s")
