"""The tables of counterparts fit the protocols that they are about."""

from collections.abc import Iterator
from typing import Any

import pytest

from icestream.exchange.table import OUTPUTS, TABLE, hinted
from icestream.model import ITEM_TYPES
from icestream.protocol import ANY, Counterpart, Protocol, Registry

REGISTRY = Registry()


def rows() -> Iterator[Any]:
    for protocol in REGISTRY.usable(REGISTRY.names()):
        for row in (*TABLE.get(protocol.name, ()), *protocol.elsewhere):
            yield pytest.param(protocol, row, id=f"{protocol.name}-{row.program}-{row.kinds[0]}")


def test_every_protocol_of_the_tables_is_there() -> None:
    assert set(TABLE) <= set(REGISTRY.names())


@pytest.mark.parametrize(("protocol", "row"), list(rows()))
def test_a_row_fits_its_protocol(protocol: type[Protocol[Any]], row: Counterpart) -> None:
    """Ports and parameters exist, and what follows from a row is valid."""
    fields = protocol.parameters_type().model_fields
    source = REGISTRY.get("movies.import").parameters_type().model_fields
    ports = {port.name for port in protocol.inputs()}
    assert set(row.inputs.values()) <= ports | {ANY}
    for taken in row.taken:
        assert taken.ours in (source if taken.at == "source" else fields), taken
        if taken.off is not None:
            protocol.parameters_type().model_validate({taken.ours: taken.off})
    protocol.parameters_type().model_validate(dict(row.fixed))


def test_what_names_of_outputs_tell() -> None:
    assert hinted("scipion", "outputMicrographsDoseWeighted") == "Micrograph"
    assert hinted("scipion", "outputCoordinates_Auto_095") == "Picks"
    assert hinted("scipion", "boxsize") == ""
    assert hinted("relion", "micrographs_ctf.star") == "Ctf"
    known = {kind.__name__ for kind in ITEM_TYPES.values()}
    assert {item for pairs in OUTPUTS.values() for _, item in pairs} <= known
