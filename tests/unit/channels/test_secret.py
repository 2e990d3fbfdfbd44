"""Secrets are read where the settings say, and shown nowhere."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from icestream.channels.receipt import Undelivered
from icestream.channels.secret import Secret

read = TypeAdapter(Secret).validate_python


def test_as_text_in_a_file_and_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("from the file\n")
    monkeypatch.setenv("MAIL_PASSWORD", "from the environment")
    assert read("as text").read() == "as text"
    assert read({"file": str(file)}).read() == "from the file"
    assert read({"env": "MAIL_PASSWORD"}).read() == "from the environment"


def test_one_that_is_not_there_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(Undelivered, match="the environment has no NOBODY_SETS_THIS"):
        read({"env": "NOBODY_SETS_THIS"}).read()
    with pytest.raises(
        Undelivered, match=r"none, which its settings name, cannot be read: No such"
    ):
        read({"file": str(tmp_path / "none")}).read()
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(Undelivered, match="it is no text"):
        read({"file": str(binary)}).read()


def test_it_is_not_shown() -> None:
    secret = read("tops3cret")
    assert "tops3cret" not in f"{secret!r} {secret} {secret.model_dump_json()}"
    with pytest.raises(ValidationError) as raised:
        read({"text": "tops3cret", "env": "A"})
    assert "tops3cret" not in str(raised.value)
    assert "as text, as { file" in str(raised.value)
