"""How people reach the area: with a real daemon of rsync, and a real sshd."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.facility.handover.access import key_line, rsyncd_conf, sshd_block
from icestream.facility.handover.area import AskedOffer, offer_session
from icestream.facility.handover.filling import OfferedContents
from icestream.facility.handover.kinds import Handover
from icestream.facility.handover.offer import RECORDS, DataOffer, offers
from rsync_server import rsync_daemon, sshd


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that others may enter, as that of an area is."""
    # sshd takes no root that lies in a folder in which anybody can write.
    where = "/run" if os.getuid() == 0 else None
    made = Path(tempfile.mkdtemp(prefix="icestream-area-", dir=where))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def section(root: Path) -> Handover:
    for name in ("data", "s/align"):
        (root / name).mkdir(parents=True)
    (root / "s" / "align" / "a b.mrc").write_text("a")
    me = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    return Handover(folder=root / "data", user=me, host="127.0.0.1")


@pytest.fixture
def offer(section: Handover, root: Path) -> DataOffer:
    contents = OfferedContents(processing=root / "s")
    return offer_session(section, AskedOffer(session="s", folder=root / "s", contents=contents))


def test_the_daemon_gives_only_what_is_known_by_name(
    section: Handover, offer: DataOffer, root: Path
) -> None:
    config = root / "rsyncd.conf"
    own = section.model_copy(update={"rsync_port": 0})
    # The group of nobody has another name.
    text = rsyncd_conf(own, list(offers(section.folder))).replace("gid = nobody", "gid = nogroup")
    with rsync_daemon(config, text) as port:
        at = f"rsync://{offer.name}@127.0.0.1:{port}"

        def fetch(*words: str, password: str = offer.password) -> subprocess.CompletedProcess[str]:
            environment = {**os.environ, "RSYNC_PASSWORD": password}
            command = ["rsync", "-rt", *words]
            return subprocess.run(
                command, capture_output=True, text=True, env=environment, check=False
            )

        assert offer.name not in fetch(f"{at}/").stdout
        assert fetch(f"{at}/{offer.name}/", f"{root}/got/").returncode == 0
        assert (root / "got" / "results" / "align" / "a b.mrc").read_text() == "a"
        subprocess.run(["b2sum", "--quiet", "--check", "manifest.b2"], cwd=root / "got", check=True)
        assert "auth failed" in fetch(f"{at}/{offer.name}/", password="guess").stderr
        assert "Unknown module" in fetch(f"{at}/{RECORDS}/").stderr
        (root / "evil").write_text("x")
        assert "read only" in fetch(f"{root}/evil", f"{at}/{offer.name}/").stderr


def test_sftp_sees_the_area_alone_and_cannot_list_it(
    section: Handover, offer: DataOffer, root: Path
) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can put people into a root of their own")
    with sshd(root / "sshd", sshd_block(section), users=section.user) as server:
        shutil.copy(server.key.with_suffix(".pub"), server.keys)
        server.keys.chmod(0o644)

        def sftp(*lines: str) -> subprocess.CompletedProcess[str]:
            command = ["sftp", "-q", "-b", "-", "-P", str(server.port), *server.options]
            return subprocess.run(
                [*command, f"{section.user}@127.0.0.1"],
                input="\n".join(lines),
                capture_output=True,
                text=True,
                check=False,
            )

        got = sftp(f'get "/data/{offer.name}/results/align/a b.mrc" {root}/got.mrc')
        assert got.returncode == 0, got.stderr
        assert (root / "got.mrc").read_text() == "a"
        listed = sftp("ls /data")
        assert offer.name not in listed.stdout
        assert sftp(f"ls /data/{RECORDS}").returncode != 0
        assert sftp("ls /etc").returncode != 0
        (root / "evil").write_text("x")
        assert sftp(f"put {root}/evil /data/{offer.name}/evil").returncode != 0
        shell = ["ssh", "-p", str(server.port), *server.options, f"{section.user}@127.0.0.1", "id"]
        said = subprocess.run(shell, capture_output=True, text=True, check=False)
        assert "uid=" not in said.stdout


def test_a_key_fetches_one_folder_and_nothing_else(
    section: Handover, offer: DataOffer, root: Path
) -> None:
    if shutil.which("rrsync") is None:
        pytest.skip("rrsync is not installed")
    with sshd(root / "sshd") as server:
        server.keys.write_text(key_line(section, offer, server.key.with_suffix(".pub").read_text()))

        def fetch(path: str, to: str) -> int:
            command = ["rsync", "-rt", "-e", server.shell, f"127.0.0.1:{path}", to]
            return subprocess.run(command, capture_output=True, check=False).returncode

        assert fetch("/", f"{root}/got/") == 0
        assert (root / "got" / "results" / "align" / "a b.mrc").read_text() == "a"
        assert fetch("/../.offers/", f"{root}/other/") != 0 or not list((root / "other").iterdir())
        back = ["rsync", "-e", server.shell, f"{root}/got/FETCH.txt", "127.0.0.1:/evil"]
        assert subprocess.run(back, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("key", ["", "ssh-rsa", "command=x ssh-rsa AAAA", "ssh-rsa A\nssh-rsa B"])
def test_what_is_no_key_is_refused(section: Handover, offer: DataOffer, key: str) -> None:
    with pytest.raises(ValueError, match="no public key"):
        key_line(section, offer, key)
