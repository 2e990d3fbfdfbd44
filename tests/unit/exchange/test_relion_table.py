"""What RELION calls our protocols."""

from icestream.exchange.relion_table import RELION


def test_kinds_are_job_types_without_the_word_relion() -> None:
    kinds = [kind for rows in RELION.values() for row in rows for kind in row.kinds]
    assert all(row.program == "relion" for rows in RELION.values() for row in rows)
    assert kinds
    assert not [kind for kind in kinds if kind.startswith("relion.") or kind != kind.lower()]
