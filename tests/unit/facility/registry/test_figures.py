"""Figures of sessions in the registry, and drift between them."""

from icestream.facility.registry import figures as rows
from icestream.facility.registry.microscopes import keep_microscopes
from icestream.facility.registry.open import FacilityRegistry
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.records import KnownFigure
from icestream.facility.registry.sessions import Whose, keep_session

ABOUT = {"at": 5.0, "over": True, "exposures": 90, "pixel": 0.8, "apart": ""}


def write(registry: FacilityRegistry, key: str, **values: object) -> int:
    with registry.write() as connection:
        keep_microscopes(connection, {"a": ("", "")})
        whose = Whose(microscope="a", project=str(values.pop("project", "")))
        return keep_session(
            connection, key, whose,
            name=key, place=f"/{key}", folder=f"/{key}/p", began=1.0, state="done", **values,
        )  # fmt: skip


def test_figures_of_a_session_replace_those_it_had(registry: FacilityRegistry) -> None:
    number = write(registry, "k")
    first = KnownFigure(name="resolution", value=3.5, spread=0.2, count=80, by="ctf.estimate")
    other = KnownFigure(name="uptime", value=0.9, count=80)
    with registry.write() as connection:
        rows.keep_figures(connection, number, ABOUT, [first, other])
        assert rows.figures(connection) == {number: {"resolution": first, "uptime": other}}
        rows.keep_figures(connection, number, {**ABOUT, "exposures": 95}, [other])
        assert rows.figures(connection) == {number: {"uptime": other}}
        assert rows.measured(connection)[number].exposures == 95
        rows.keep_figures(connection, number, ABOUT, [])
        assert rows.figures(connection) == {}


def test_sessions_are_confidential_themselves_or_by_their_project(
    registry: FacilityRegistry,
) -> None:
    with registry.write() as connection:
        keep_project(connection, "secret", confidential=True)
    write(registry, "open", project="plain")
    own = write(registry, "own", confidential=True)
    project = write(registry, "project", project="secret")
    with registry.read() as connection:
        assert rows.confidential_sessions(connection) == {own, project}


def test_drift_is_open_until_it_is_over_and_told_so(registry: FacilityRegistry) -> None:
    number = write(registry, "k")
    with registry.write() as connection:
        drift = rows.begin_drift(
            connection, "a",
            figure="resolution", series="K3", session_id=number, began=2.0, message="m",
        )  # fmt: skip
        (found,) = rows.drifts(connection, microscope="a", over=False)
        assert (found.id, found.microscope, found.session, found.told) == (drift, "a", number, None)
        assert rows.drifts(connection, microscope="b") == ()
        rows.change_drift(connection, drift, over=9.0)
        assert len(rows.drifts(connection, over=False)) == 1
        rows.change_drift(connection, drift, told_over=9.5)
        assert rows.drifts(connection, over=False) == ()
        assert len(rows.drifts(connection)) == 1
