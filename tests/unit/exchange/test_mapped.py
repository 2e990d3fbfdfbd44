"""The report of an import."""

from icestream.exchange.mapped import Mapped, MappedValue, report_lines

ALIGN = Mapped(
    id="56",
    kind="ProtMotionCorr",
    label="align",
    steps=("align",),
    protocols=("movies.align",),
    verdict="approximately",
    values=(
        MappedValue(theirs="binFactor", value=2.0, ours="align.binning", became=2.0),
        MappedValue(theirs="tol", value=0.5),
        MappedValue(theirs="size", value="9.x", remark="points to another step"),
    ),
    remarks=("another algorithm",),
)
HELD = Mapped(
    id="7", kind="ProtX", label="", steps=("x",), protocols=("scipion:ProtX",), verdict="not"
)


def test_it_says_what_was_taken_how_and_what_was_not() -> None:
    assert list(report_lines([ALIGN, HELD], ["a remark"])) == [
        "ProtMotionCorr 56: approximately, as align (movies.align)",
        "  another algorithm",
        "  binFactor = 2 became align.binning = 2",
        "  size = 9.x was not taken over (points to another step)",
        "  without a place here: tol = 0.5",
        "ProtX 7: not mapped; x holds its place",
        "a remark",
        "0 exactly, 1 approximately, 1 not mapped",
    ]
    assert [value.theirs for value in ALIGN.lost] == ["tol", "size"]
