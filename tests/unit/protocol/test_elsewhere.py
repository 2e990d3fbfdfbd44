"""What other programs call a protocol: rows that nobody changes by accident."""

import pytest

from icestream.protocol import ANY, Becomes, Counterpart


def test_what_a_row_was_made_of_may_change_and_the_row_does_not() -> None:
    inputs, choices = {"inputMovies": "movie"}, {0: "none"}
    row = Counterpart(
        program="scipion",
        kinds=("ProtOne",),
        inputs=inputs,
        taken=(Becomes("flip", "gain_flip", choices=choices),),
    )
    inputs.clear()
    choices.clear()
    assert row.inputs == {"inputMovies": "movie"}
    assert row.taken[0].choices == {0: "none"}
    with pytest.raises(TypeError):
        row.inputs[ANY] = "movie"  # type: ignore[index]
    with pytest.raises(TypeError):
        row.taken[0].choices[1] = "x"  # type: ignore[index]
