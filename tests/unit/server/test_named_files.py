"""No parameter names a file outside of what may be shown: not by a link, nor by dots."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from icestream.engine.graph.workflow import Step, Workflow
from icestream.server.context import Server
from icestream.server.errors import Refused
from icestream.server.named_files import held_within, refuse_outside, roots_of
from icestream.settings import load


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    for name in ("root/session", "outside"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "gain.mrc").touch()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")
    with closing(Server([tmp_path / "root"], load(state=tmp_path / "state"))) as made:
        yield made


def workflow(**values: object) -> Workflow:
    return Workflow(
        name="w", steps=(Step(name="movies", protocol="movies.import", parameters=values),)
    )


@pytest.mark.parametrize("name", ["gain", "defects", "metadata", "pattern"])
@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/nonexistent/file",
        "{root}/../outside/gain.mrc",
        "{root}/link/gain.mrc",
        "{root}/link/nothing",
        "../outside/gain.mrc",
        "gain.mrc",
    ],
)
def test_a_file_outside_is_refused_alike_whether_it_is_there(
    server: Server, tmp_path: Path, name: str, path: str
) -> None:
    path = path.format(root=tmp_path / "root")
    for given, changes in (
        (workflow(**{name: path}), None),
        (workflow(), {"movies": {name: path}}),
    ):
        with pytest.raises(Refused) as caught:
            refuse_outside(server, given, changes)
        assert caught.value.status == 403
        assert caught.value.problems is not None
        (problem,) = caught.value.problems
        assert problem.where == f"movies.{name}"
        assert problem.what == f"{path} is not below a folder that may be shown"


def test_files_below_a_root_and_those_of_the_session_may_be_named(
    server: Server, tmp_path: Path
) -> None:
    root, session = tmp_path / "root", tmp_path / "root" / "session"
    refuse_outside(server, workflow(gain=str(session / "gain.mrc"), pattern=f"{root}/*.tiff"))
    refuse_outside(server, workflow(gain="gain.mrc"), session=session)
    refuse_outside(server, workflow(gain=None, metadata=""))
    with pytest.raises(Refused):
        refuse_outside(server, workflow(gain="../../outside/gain.mrc"), session=session)


def test_what_the_session_has_already_stays(server: Server) -> None:
    before = workflow(gain="/elsewhere/gain.mrc", metadata="/elsewhere")
    refuse_outside(server, before, {"movies": {"exclude": ["*.tmp"]}}, known=before)
    with pytest.raises(Refused):
        refuse_outside(server, before, {"movies": {"gain": "/elsewhere/other.mrc"}}, known=before)


def test_a_step_whose_files_are_outside_is_given_no_other_here(
    server: Server, tmp_path: Path
) -> None:
    """It could read none of its own from then on, and a session that runs would stop."""
    before = workflow(pattern="/elsewhere/*.tiff", gain="/elsewhere/gain.mrc")
    gain = str(tmp_path / "root" / "session" / "gain.mrc")
    with pytest.raises(Refused) as caught:
        refuse_outside(server, before, {"movies": {"gain": gain}}, known=before)
    assert caught.value.problems is not None
    (problem,) = caught.value.problems
    assert problem.where == "movies.pattern"
    refuse_outside(server, before, {"movies": {"gain": None}}, known=before)
    (kept,) = held_within(server, workflow(pattern="/elsewhere/*.tiff"), before).steps
    assert kept.within is None


@pytest.mark.parametrize("protocol", ["picks.import", "particles.import"])
def test_a_table_or_a_folder_outside_is_refused_too(server: Server, protocol: str) -> None:
    name = protocol.partition(".")[0]
    step = Step(name="taken", protocol=protocol, parameters={name: "/elsewhere/table.star"})
    with pytest.raises(Refused):
        refuse_outside(server, Workflow(name="w", steps=(step,)))


def test_steps_read_below_the_roots_unless_somebody_on_the_machine_gave_their_files(
    server: Server,
) -> None:
    roots = roots_of(server)
    before = workflow(gain="/elsewhere/gain.mrc")
    (new,) = held_within(server, before).steps
    assert new.within == roots
    (kept,) = held_within(server, workflow(gain="/elsewhere/gain.mrc", frames=3), before).steps
    assert kept.within is None
    (other,) = held_within(server, workflow(gain=f"{roots[0]}/gain.mrc"), before).steps
    assert other.within == roots
    # What a document says of it counts for nothing.
    claimed = replace(workflow().steps[0], within=("/",))
    (held,) = held_within(server, Workflow(name="w", steps=(claimed,))).steps
    assert held.within == roots


def test_what_is_no_path_is_refused(server: Server) -> None:
    with pytest.raises(Refused) as caught:
        refuse_outside(server, workflow(gain="a\x00b"))
    assert caught.value.status == 422
