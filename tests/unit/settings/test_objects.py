"""Stores of objects in the settings."""

from pathlib import Path

import pytest

from icestream.settings import SettingsError, load
from icestream.settings.names import is_secret


def test_stores_are_said_by_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(
        '[objects."*"]\nendpoint = "https://objects.example.org:9000"\nkey = "k"\n'
        'secret = { env = "SECRET" }\n[objects.open]\nanonymous = true\n'
    )
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(path))
    monkeypatch.setenv("SECRET", "s3cret")
    stores = load().settings.objects
    assert stores["open"].anonymous
    assert stores["*"].secret is not None
    assert stores["*"].secret.read() == "s3cret"
    assert is_secret(("objects", "*", "secret"))
    assert not is_secret(("objects", "*", "endpoint"))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('key = "k"', "give key and secret"),
        ('token = "t"', "give key and secret with the token"),
        ('key = "k"\nsecret = "s3cret"\nanonymous = true', "one of key, profile and anonymous"),
        ('endpoint = "objects.example.org"', "endpoint"),
        ('endpoint = "https://k:s3cret@objects.example.org"', "endpoint"),
        ('banana = "1"', "banana"),
    ],
)
def test_what_does_not_go_together_is_refused_and_no_secret_shown(
    said: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f'[objects."*"]\n{said}\n')
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(path))
    with pytest.raises(SettingsError, match=why) as raised:
        load()
    assert "s3cret" not in str(raised.value)
