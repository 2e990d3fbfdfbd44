"""How duties go is written down."""

from icestream.facility.registry.duties import duties, duty, keep_duty
from icestream.facility.registry.open import FacilityRegistry


def test_a_duty_is_written_down(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        assert duty(connection, "copy").began is None
        keep_duty(connection, "copy", began=1.0)
        keep_duty(connection, "copy", ended=2.0, said="3 files")
        assert duty(connection, "copy").said == "3 files"
        assert duty(connection, "copy").began == 1.0
        assert [one.name for one in duties(connection)] == ["copy"]
