"""A workflow as another program wrote it."""

from icestream.exchange.foreign import ForeignStep, ForeignWorkflow, NotImported


def test_steps_are_found_by_their_ids() -> None:
    step = ForeignStep(id="7", kind="ProtX", values={}, raw={})
    whole = ForeignWorkflow(program="scipion", form="json", name="w", steps=(step,))
    assert whole.step("7") is step
    assert whole.step("8") is None


def test_an_error_has_everything_that_is_wrong() -> None:
    error = NotImported("w cannot be read", ["no list", "no id"])
    assert str(error) == "w cannot be read:\n  - no list\n  - no id"
    assert error.problems == ("no list", "no id")
