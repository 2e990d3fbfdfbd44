"""What is wrong with the section of messages is said, all at once."""

from collections.abc import Callable
from pathlib import Path

from icestream.facility.file import load_facility
from icestream.facility.messages.check import messages_flaws
from icestream.settings import load
from stomp_broker import stomp_broker


def _said(path: Path) -> dict[str, str]:
    return {one.where: one.what for one in messages_flaws(load_facility(path), load().settings)}


def test_all_that_is_wrong_is_said_at_once(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    said = _said(write_facility("""
[messages]
folder = "{folder}/file/requests"
workflows = "{folder}/none"
within = ["{folder}/nothing"]
[messages.broker]
kind = "activemq"
servers = "127.0.0.1:1"
[messages.zocalo]
recipes = { em = "defualt" }
"""))  # fmt: skip
    assert "is no folder" in said["messages.folder"]
    assert "is no folder" in said["messages.workflows"]
    assert "mount its disk" in said["messages.within"]
    assert "connection refused" in said["messages.broker"]
    assert "did you mean default" in said["messages.zocalo.recipes.em"]


def test_what_is_well_says_nothing_but_what_is_risky(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    assert _said(write_facility("")) == {}
    assert "neither a folder nor a broker" in _said(write_facility("[messages]"))["messages"]
    with stomp_broker() as broker:
        text = f'[messages.broker]\nkind = "rabbitmq"\nservers = "127.0.0.1:{broker.port}"\n'
        assert _said(write_facility('[messages]\nfolder = "{folder}/requests"\n' + text)) == {}
    (tmp_path / "requests").mkdir()
    (tmp_path / "requests").chmod(0o777)
    said = _said(write_facility('[messages]\nfolder = "{folder}/requests"\n'))
    assert "everybody may write" in said["messages.folder"]
