"""No parameter names a file outside of what may be shown: not by a link, nor by dots."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from icestream.engine.graph.workflow import Step, Workflow
from icestream.server.context import Server
from icestream.server.errors import Refused
from icestream.server.named_files import refuse_outside
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


def test_what_is_no_path_is_refused(server: Server) -> None:
    with pytest.raises(Refused) as caught:
        refuse_outside(server, workflow(gain="a\x00b"))
    assert caught.value.status == 422
