"""What configures a facility is kept, but for its secrets."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.facility.backup import configuration
from icestream.facility.backup.configuration import ConfigurationFile, kept_files

BOOKINGS = """
# the calendar
[bookings]
kind = "librebooking"
url = "https://booking.example.org"
user = "icestream"
password = "open sesame"

[projects]
kind = "portal"
url = "https://portal.example.org"
key = { text = "portal-key" }

[backup.nas]
to = "nas::module/em"
password = { file = "/etc/icestream/nas" }
"""


def kept(path: Path) -> dict[str, ConfigurationFile]:
    return {one.name: one for one in kept_files(path)}


def test_secrets_stay_at_home_and_are_named(write_facility: Callable[[str], Path]) -> None:
    path = write_facility(BOOKINGS)
    found = kept(path)
    one = found["facility.toml"]
    assert one.left_out == ("bookings.password", "projects.key")
    assert "sesame" not in one.text
    assert "portal-key" not in one.text
    document = tomllib.loads(one.text)
    assert document["backup"]["nas"]["password"] == {"file": "/etc/icestream/nas"}
    assert document["microscopes"]["krios1"]["detector"] == "K3"
    assert "# the calendar" in one.text
    assert one.place == str(path)
    assert "voltage = 300" in found["settings-of-the-user.toml"].text


@pytest.mark.parametrize(
    ("registry", "said"),
    [
        ("postgresql://ice:sesame99@db/ice", "postgresql://ice@db/ice"),
        ("postgresql://ice@db/ice?password=sesame99", "postgresql://ice@db/ice"),
        ("postgresql://ice@db/ice", "postgresql://ice@db/ice"),
        ("/srv/registry.db", "/srv/registry.db"),
    ],
)
def test_where_the_registry_is_stays_without_a_password(
    write_facility: Callable[[str], Path], registry: str, said: str
) -> None:
    path = write_facility("")
    path.write_text(path.read_text().replace("patience", f'registry = "{registry}"\npatience'))
    one = kept(path)["facility.toml"]
    assert tomllib.loads(one.text)["facility"]["registry"] == said
    assert one.left_out == (() if registry == said else ("facility.registry",))


def test_the_settings_secrets_stay_at_home_too(
    write_facility: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write_facility("")
    site = tmp_path / "site.toml"
    site.write_text(
        'store = "postgresql://ice:sesame99@db/ice"\n[channels.room]\nkind = "slack"\n'
        'url = "https://chat.example.org/hook/abcdef"\n'
    )
    monkeypatch.setattr(configuration, "SITE_FILE", site)
    monkeypatch.setattr("icestream.settings.tree.SITE_FILE", site)
    (tmp_path / "settings.toml").write_text("cores = 2\n")
    found = kept(path)["settings.toml"]
    assert found.left_out == ("store", "channels.room.url")
    assert "abcdef" not in found.text
    assert 'store = "postgresql://ice@db/ice"' in found.text


def test_one_with_a_secret_in_a_comment_is_not_kept(
    write_facility: Callable[[str], Path],
) -> None:
    path = write_facility(BOOKINGS + "# open sesame is the new one\n")
    one = kept(path)["facility.toml"]
    assert (one.text, one.trouble.endswith("not kept")) == ("", True)
    assert "the secret bookings.password elsewhere too" in one.trouble


def test_what_cannot_be_read_is_said(write_facility: Callable[[str], Path], tmp_path: Path) -> None:
    path = write_facility("")
    path.write_text("[facility\n")
    (tmp_path / "settings.toml").write_text("cores = 'many'\n")
    found = kept(path)
    assert "not valid TOML" in found["facility.toml"].trouble
    assert "cores" in found["settings-of-the-user.toml"].trouble
