"""The facility file and the settings as they are kept beside a registry: without their secrets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel, SecretStr
from sqlalchemy import make_url

from icestream.channels.secret import Secret
from icestream.facility.file import FacilityFileError, load_facility
from icestream.settings import SITE_FILE, SettingsError, load, person_file

__all__ = ["ConfigurationFile", "kept_files"]

FACILITY = "facility.toml"
SITE_SETTINGS = "settings.toml"
SETTINGS = "settings-of-the-user.toml"

_DATABASES = (("facility", "registry"), ("store",))
"""Secrets that are kept, without the password in them: where databases are."""
_SHORT = 6
"""Characters of a secret that may be in a text by chance."""

_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """A file that says what a facility or its machine is."""

    name: str
    """In the backup."""
    place: str
    """Where it is on the machine."""
    text: str = ""
    left_out: tuple[str, ...] = ()
    """Names of the secrets that it had."""
    trouble: str = ""
    """Why it is not kept."""


def kept_files(facility: Path) -> Iterator[ConfigurationFile]:
    """The facility file, and those of the settings that are there."""
    try:
        known = load_facility(facility)
    except FacilityFileError as error:
        yield ConfigurationFile(FACILITY, str(facility), trouble=str(error))
    else:
        yield _kept(FACILITY, facility, known.file)
    files = {SETTINGS: person_file(), SITE_SETTINGS: SITE_FILE}
    try:
        settings = load().settings
    except SettingsError as error:
        yield from (ConfigurationFile(n, str(f), trouble=str(error)) for n, f in files.items())
        return
    for name, file in files.items():
        if file.is_file() and (name == SETTINGS or file != files[SETTINGS]):
            yield _kept(name, file, settings)


def _kept(name: str, file: Path, model: BaseModel) -> ConfigurationFile:
    try:
        document = tomlkit.parse(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        return ConfigurationFile(name, str(file), trouble=f"{file} cannot be read: {error}")
    left_out = []
    secrets = list(_secrets(model))
    for path, secret in secrets:
        if _taken_out(document, path, secret):
            left_out.append(".".join(map(str, path)))
    text = tomlkit.dumps(document)
    for path, secret in secrets:
        hidden = _password(secret) if path in _DATABASES else secret
        if len(hidden) >= _SHORT and hidden in text:
            said = ".".join(map(str, path))
            what = f"{file} has the secret {said} elsewhere too, in a comment perhaps: not kept"
            return ConfigurationFile(name, str(file), trouble=what)
    return ConfigurationFile(name, str(file), text, tuple(left_out))


def _secrets(value: Any, path: _Path = ()) -> Iterator[tuple[_Path, str]]:
    """Where a model has secrets, by the names that its file has for them, and what they are."""
    if isinstance(value, SecretStr):
        if text := value.get_secret_value():
            yield path, text
    elif isinstance(value, Secret):
        if value.text is not None:
            yield path, value.text.get_secret_value()  # also where the file has { text = "…" }
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _secrets(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, Mapping):
        for key, inside in value.items():
            yield from _secrets(inside, (*path, str(key)))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for number, inside in enumerate(value):
            yield from _secrets(inside, (*path, number))


def _taken_out(document: Any, path: _Path, secret: str) -> bool:
    """Take a secret out of a document; False where it is not there, or may stay."""
    inside = document
    for part in path[:-1]:
        inside = _at(inside, part)
    held = _at(inside, path[-1])
    if held is None or (isinstance(held, Mapping) and held.get("text") is None):
        return False
    if path not in _DATABASES:
        del inside[path[-1]]
        return True
    bare = _bare(secret)
    if bare == secret:
        return False
    inside[path[-1]] = bare
    return True


def _at(inside: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return inside[part] if isinstance(inside, list) and part < len(inside) else None
    return inside.get(part) if isinstance(inside, Mapping) else None


def _password(place: str) -> str:
    """The password in the address of a database."""
    url = make_url(place) if "://" in place else None
    return "" if url is None else str(url.password or url.query.get("password") or "")


def _bare(place: str) -> str:
    """Where a database is, without a password; a file as it is."""
    if not _password(place):
        return place
    bare = make_url(place)._replace(password=None)  # `set` takes None for what stays as it is
    return bare.difference_update_query(["password"]).render_as_string()
