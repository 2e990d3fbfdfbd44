"""Columns: small arrays that live inside items and documents."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pydantic import TypeAdapter

from icestream.model import Column, column

CODEC = TypeAdapter(Column)


@given(arrays(np.float32, array_shapes(max_dims=3, max_side=6), elements=st.floats(width=32)))
def test_a_document_holds_a_column_exactly(values: np.ndarray) -> None:
    """Every bit returns, NaN and infinity too."""
    document = json.loads(json.dumps(CODEC.dump_python(column(values), mode="json")))
    found = CODEC.validate_python(document)
    assert found.dtype == np.float32
    assert found.shape == values.shape
    assert found.tobytes() == values.tobytes()


def test_a_column_cannot_be_changed() -> None:
    values = column([1, 2, 3])
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 5


def test_a_column_is_a_copy() -> None:
    source = np.ones(3, dtype=np.float32)
    values = column(source)
    source[0] = 7
    assert values[0] == 1


def test_an_empty_column_keeps_its_shape() -> None:
    document = CODEC.dump_python(column(np.empty((0, 2))), mode="json")
    assert CODEC.validate_python(document).shape == (0, 2)
