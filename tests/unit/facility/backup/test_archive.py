"""A registry in one file."""

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.facility.backup.archive import (
    BadArchive,
    opened_archive,
    pack,
    read_archive,
)
from icestream.facility.opened import Facility
from icestream.facility.registry.contents import contents, digest_of
from icestream.facility.registry.microscopes import add_occasion
from icestream.facility.registry.open import HEAD
from icestream.store.migrate import OtherSchema


def changed(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The same archive with another member."""
    made = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for each in old.namelist():
            content = old.read(each)
            new.writestr(each, change(content) if each == name else content)
    return made


def with_about(path: Path, **values: object) -> Path:
    return changed(path, "about.json", lambda c: json.dumps({**json.loads(c), **values}).encode())


@pytest.fixture
def packed(facility: Facility, tmp_path: Path) -> Path:
    with facility.registry.write() as connection:
        add_occasion(connection, "krios1", "service", "lens changed", who="eve")
    pack(facility, tmp_path / "one.zip", 1e9)
    return tmp_path / "one.zip"


def test_it_says_what_it_has_and_is_its_owners_alone(facility: Facility, packed: Path) -> None:
    known = read_archive(packed)
    assert (known.facility, known.at, known.schema) == ("Ice & Co", 1e9, HEAD)
    assert known.rows == contents(facility.registry)
    assert known.rows["occasion"] == 1
    assert [one.name for one in known.files] == ["facility.toml", "settings-of-the-user.toml"]
    assert known.files[0].text == facility.path.read_text()
    assert packed.stat().st_mode & 0o777 == 0o600
    assert packed.stat().st_mtime == 1e9


def test_its_registry_opens_as_it_was(facility: Facility, packed: Path) -> None:
    with opened_archive(packed) as (_, registry):
        assert digest_of(registry) == digest_of(facility.registry)


def test_one_of_an_earlier_schema_is_brought_up_to_date(packed: Path) -> None:
    older = with_about(packed, schema="0004", contents="another")
    with opened_archive(older) as (known, registry):
        assert (known.schema, contents(registry)["occasion"]) == ("0004", 1)


def test_one_of_a_newer_schema_is_refused(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as file:
        file.extract("registry.db", tmp_path / "x")
    with sqlite3.connect(tmp_path / "x" / "registry.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    content = (tmp_path / "x" / "registry.db").read_bytes()
    newer = changed(packed, "registry.db", lambda _: content)
    digests = json.loads(zipfile.ZipFile(newer).read("about.json"))["digests"]
    digests["registry.db"] = hashlib.blake2b(content, digest_size=16).hexdigest()
    newer = newer.rename(tmp_path / "newer.zip")
    with (
        pytest.raises(OtherSchema, match="has schema 9999"),
        opened_archive(with_about(newer, schema="9999", digests=digests)),
    ):
        pass


def test_whatever_is_wrong_with_it_is_said(packed: Path, tmp_path: Path) -> None:
    rotten = changed(packed, "facility.toml", lambda content: content + b"#")
    with pytest.raises(BadArchive, match=r"is not what it was: facility\.toml"):
        read_archive(rotten)
    (tmp_path / "text.zip").write_text("no archive")
    short = tmp_path / "short.zip"
    short.write_bytes(packed.read_bytes()[:-200])
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("about.json", "{}")
    for name in ("text.zip", "short.zip", "other.zip"):
        with pytest.raises(BadArchive, match="is no registry that icestream packed"):
            read_archive(tmp_path / name)
    with (
        pytest.raises(BadArchive, match="its registry is not what was packed"),
        opened_archive(with_about(packed, contents="another")),
    ):
        pass
    with pytest.raises(BadArchive, match="is no registry that icestream packed"):
        read_archive(with_about(packed, kind="something else"))
    with pytest.raises(BadArchive, match=r"registry\.db is not in it"):
        read_archive(with_about(packed, digests={}))
