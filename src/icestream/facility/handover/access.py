"""How people reach the area: configuration of the daemon of rsync and of sshd, and what to type."""

import os
import shlex
from collections.abc import Sequence
from datetime import datetime, tzinfo

from icestream.facility.backup.sealing import MANIFEST
from icestream.facility.handover.kinds import Handover
from icestream.facility.handover.offer import RECORDS, DataOffer
from icestream.whole import written_whole

__all__ = ["FETCH", "fetch_text", "key_line", "rsyncd_conf", "sshd_block", "write_access"]

FETCH = "FETCH.txt"
"""In each folder: how to fetch it."""


def write_access(section: Handover, offered: Sequence[DataOffer]) -> None:
    """Write the configuration of the daemon of rsync and its secrets beside the records.

    The daemon reads them for each connection, so that nothing has to be started again.
    """
    records = section.folder / RECORDS
    secrets = "".join(f"{offer.name}:{offer.password}\n" for offer in offered)
    for name, text in (("rsyncd.secrets", secrets), ("rsyncd.conf", rsyncd_conf(section, offered))):
        path = records / name
        if path.exists() and path.read_text() == text:
            continue
        with written_whole(path) as partial:
            partial.touch(mode=0o600)
            partial.write_text(text)


def rsyncd_conf(section: Handover, offered: Sequence[DataOffer]) -> str:
    """Configuration of a daemon of rsync that offers each folder to who knows its name.

    No module is listed, nothing can be written, and each has a user and a password of its own.
    """
    lines = [
        "# Written by icestream: changes are lost.",
        *([f"port = {section.rsync_port}"] if section.rsync_port else []),
        "use chroot = yes" if os.getuid() == 0 else "use chroot = no",
        *([f"uid = {section.user}", f"gid = {section.user}"] if os.getuid() == 0 else []),
        "read only = yes",
        "list = no",
        "munge symlinks = yes",
        "max connections = 20",
        "timeout = 600",
        "dont compress = *",
        f"secrets file = {section.folder / RECORDS / 'rsyncd.secrets'}",
        "strict modes = yes",
        "refuse options = delete checksum",
    ]
    for offer in offered:
        lines += [
            "",
            f"[{offer.name}]",
            f"path = {section.folder / offer.name}",
            f"auth users = {offer.name}",
        ]
    return "\n".join(lines) + "\n"


def sshd_block(section: Handover) -> str:
    """The lines for sshd: the user sees the area alone, reads it, and has no shell.

    sshd asks that the folder that becomes the root belongs to root; so that is the one in which the
    area is.
    """
    return "\n".join(
        [
            f"Match User {section.user}",
            f"    ChrootDirectory {section.folder.parent}",
            f"    ForceCommand internal-sftp -R -d /{section.folder.name}",
            "    AllowTcpForwarding no",
            "    AllowAgentForwarding no",
            "    AllowStreamLocalForwarding no",
            "    X11Forwarding no",
            "    PermitTTY no",
            "    PermitTunnel no",
            "    DisableForwarding yes",
            "",
        ]
    )


def key_line(section: Handover, offer: DataOffer, key: str) -> str:
    """A line for ``authorized_keys``: with this key one folder can be fetched by rsync over ssh.

    Raises
    ------
    ValueError
        If it is no public key of ssh.
    """
    words = key.split()
    kinds = ("ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-")
    if len(words) < 2 or not words[0].startswith(kinds) or "\n" in key.strip():
        raise ValueError("that is no public key of ssh: give the one line of a file such as id.pub")
    command = f"rrsync -ro {shlex.quote(str(section.folder / offer.name))}"
    return f'command="{command}",restrict {" ".join(words)}'


def fetch_text(section: Handover, offer: DataOffer, zone: tzinfo | None = None) -> str:
    """What somebody types to fetch an offer, and to see that it came whole."""
    host, name, user = section.host or "HOST", offer.name, section.user
    until = datetime.fromtimestamp(offer.expires, zone)
    lines = [
        f"Data of {offer.session}: {offer.files} files, {offer.bytes / 1e9:.1f} GB.",
        f"They can be fetched until {until:%Y-%m-%d}. Who knows the name of this folder can fetch "
        "them: keep it to yourself.",
    ]
    if section.rsync_port:
        port = "" if section.rsync_port == 873 else f":{section.rsync_port}"
        lines += [
            "",
            "With rsync, which goes on where it was interrupted when typed again:",
            "",
            f"    rsync -rt --partial --info=progress2 rsync://{name}@{host}{port}/{name}/ {name}/",
            "",
            f"    The password is {offer.password}",
        ]
    if section.sftp_port:
        port = "" if section.sftp_port == 22 else f" -P {section.sftp_port}"
        lines += [
            "",
            "With SFTP:",
            "",
            f"    sftp{port} -a -r {user}@{host}:/{section.folder.name}/{name} .",
        ]
    lines += [
        "",
        "Whether all of it came, and as it was (Linux; coreutils):",
        "",
        f"    cd {name} && b2sum --quiet --check {MANIFEST}",
        "",
    ]
    return "\n".join(lines)
