"""A directory of the tests' own: Debian's slapd on loopback, with TLS and a few people."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from served import free_port

BASE = "dc=example,dc=org"
READER = f"cn=reader,{BASE}"
READER_PASSWORD = "reads-only-83"
ROOT_PASSWORD = "of the tests alone"
PASSWORDS = {"lea": "leas own long password", "max": "maxs own long password"}

_PEOPLE = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {READER_PASSWORD}

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{BASE}
objectClass: organizationalUnit
ou: groups
"""
_PERSON = """
dn: uid={uid},ou=people,{base}
objectClass: inetOrgPerson
uid: {uid}
cn: {full}
sn: {full}
userPassword: {password}
"""
_GROUP = """
dn: cn=em-staff,ou=groups,{base}
objectClass: groupOfNames
cn: em-staff
member: uid=lea,ou=people,{base}
"""


@dataclass(frozen=True)
class Directories:
    """Addresses of one directory, and who vouches for it."""

    plain: str
    tls: str
    ca_file: Path


@contextmanager
def directory(folder: Path) -> Iterator[Directories]:
    """Run slapd; skips where it is not installed."""
    slapd = shutil.which("slapd", path="/usr/sbin:/usr/lib/openldap:/usr/local/libexec")
    if slapd is None:
        pytest.skip("slapd is not installed (Debian: slapd ldap-utils)")
    ca_file = _certificates(folder)
    configuration = _configuration(folder)
    _fill(folder, slapd, configuration)
    ports = [free_port(), free_port()]
    plain, tls = f"ldap://localhost:{ports[0]}", f"ldaps://localhost:{ports[1]}"
    with subprocess.Popen(
        [slapd, "-d", "0", "-f", str(configuration), "-h", f"{plain}/ {tls}/"],
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            _wait(ports[0], running)
            _group(folder, plain)
            yield Directories(plain, tls, ca_file)
        finally:
            running.terminate()


@contextmanager
def group_without_members(running: Directories) -> Iterator[None]:
    """Nobody is in the group em-staff for as long as the block runs."""
    group = f"dn: cn=em-staff,ou=groups,{BASE}\n"
    _admin("ldapmodify", running.plain, f"{group}changetype: delete\n")
    try:
        yield
    finally:
        _admin("ldapadd", running.plain, _GROUP.format(base=BASE))


def _admin(command: str, plain: str, lines: str) -> None:
    subprocess.run(
        [command, "-x", "-H", plain, "-D", f"cn=admin,{BASE}", "-w", ROOT_PASSWORD],
        input=lines.encode(), check=True, capture_output=True,
    )  # fmt: skip


def _certificates(folder: Path) -> Path:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    return ca_file


def _configuration(folder: Path) -> Path:
    (folder / "db").mkdir()
    made = folder / "slapd.conf"
    made.write_text(
        f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {folder}/pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/cert.pem
TLSCertificateKeyFile {folder}/key.pem
database mdb
suffix "{BASE}"
rootdn "cn=admin,{BASE}"
rootpw "{ROOT_PASSWORD}"
directory {folder}/db
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{READER}" read by self read by anonymous auth by * none
"""
    )
    return made


def _fill(folder: Path, slapd: str, configuration: Path) -> None:
    entries = _PEOPLE + "".join(
        _PERSON.format(uid=uid, full=f"{uid.title()} Doe", password=password, base=BASE)
        for uid, password in PASSWORDS.items()
    )
    # slapadd knows no overlays: memberOf would be empty. What needs it goes in while it runs.
    (folder / "people.ldif").write_text(entries)
    (folder / "group.ldif").write_text(_GROUP.format(base=BASE))
    adding = [slapd, "-T", "add", "-f", str(configuration), "-l", str(folder / "people.ldif")]
    subprocess.run(adding, check=True, capture_output=True)


def _group(folder: Path, plain: str) -> None:
    """Add a group, of which the directory then tells its members."""
    subprocess.run(
        ["ldapadd", "-x", "-H", plain, "-D", f"cn=admin,{BASE}", "-w", ROOT_PASSWORD,
         "-f", str(folder / "group.ldif")],
        check=True, capture_output=True,
    )  # fmt: skip


def _wait(port: int, running: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert running.poll() is None, "slapd has not started"
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("slapd does not answer")
