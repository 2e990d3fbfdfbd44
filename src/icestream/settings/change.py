"""Changing what a file of settings says: all of it is looked at before any of it is replaced."""

import contextlib
import errno
import fcntl
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, Literal, get_origin

from pydantic import BaseModel

from icestream.protocol.describe import value_words
from icestream.settings import tree
from icestream.settings.names import Name, dotted, types_at, without_secrets
from icestream.settings.toml import NotWritable, rewritten
from icestream.settings.tree import Loaded, Settings, SettingsError, checked, document_of

__all__ = [
    "EFFECT",
    "ChangedSettings",
    "ChangedValue",
    "Effect",
    "SaidElsewhere",
    "SettingsChanged",
    "change",
    "file_for",
    "in_words",
    "revision",
]

Effect = Literal["at once", "new sessions", "restart"]
EFFECT: Mapping[str, Effect] = {
    "cores": "new sessions",
    "memory": "new sessions",
    "tokens": "new sessions",
    "programs": "new sessions",
    "executors": "new sessions",
    "executor": "new sessions",
    "state": "restart",
    "store": "restart",
    "microscopes": "new sessions",
    "roots": "at once",
    "channels": "new sessions",
    "objects": "at once",
    "login": "restart",
    "usage": "at once",
    "report_interval": "new sessions",
    "report_publish": "new sessions",
    "worker_silence": "new sessions",
    "log_level": "new sessions",
}
"""From when on a change of a setting holds. A server that runs lists new microscopes and channels
at once, but a session keeps to what it read when it was started."""

_KEY = secrets.token_bytes(32)
"""So that a revision says nothing of what is secret in a file: nobody can try out guesses."""


class SettingsChanged(RuntimeError):
    """The files say something else than when they were read."""


class SaidElsewhere(RuntimeError):
    """A setting that no change of a file would change."""


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """A value that became another one; secrets are hidden."""

    name: str
    before: Any
    """As it stood in the file; None: the file did not say it."""
    after: Any


@dataclass(frozen=True, slots=True)
class ChangedSettings:
    """What a change has done."""

    file: Path
    differences: tuple[ChangedValue, ...]
    loaded: Loaded
    """The settings as they are now."""


def revision() -> str:
    """What tells whether the files are still those that were read; of this process alone."""
    digest = blake2b(key=_KEY, digest_size=16)
    for path in tree.settings_files():
        said = b""  # an empty file says what none says
        with contextlib.suppress(OSError):
            said = path.read_bytes()
        digest.update(len(said).to_bytes(8) + said)
    return digest.hexdigest()


def file_for(name: str, origin: str) -> Path:
    """The file in which a setting is changed: the one that says it, or else the person's.

    A plain value of the site's file is said anew in the person's, where the site's cannot be
    written.

    Raises
    ------
    SaidElsewhere
        If the environment or the command line says it, which come before every file.
    """
    own, site = tree.settings_files()
    if origin not in ("default", str(own), str(site)):
        said = "when this was started" if origin == "command line" else f"by {origin}"
        raise SaidElsewhere(
            f"{name} is said {said}, which comes before every file: change it there"
        )
    return site if origin == str(site) and (_is_table(name) or _can_write(site)) else own


def _is_table(name: str) -> bool:
    return any(
        get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, BaseModel))
        for kind in types_at((name,))
    )


def change(
    values: Mapping[Name, Any],
    *,
    file: Path | None = None,
    expected: str | None = None,
    given: Mapping[str, Any] | None = None,
    approve: Callable[[Loaded], None] | None = None,
) -> ChangedSettings:
    """Have a file of settings say something else.

    Parameters
    ----------
    values
        What each name shall be, as it is written in a file; None: the file says it no more, so
        that the next file says it, or the default holds.
    file
        Which file; the one that `file_for` names when not given.
    expected
        The `revision` of the files that the change is made for.
    given
        What came from the command line when the settings were loaded.
    approve
        Looks at what the settings would be, before anything is written; raises what refuses them.

    Raises
    ------
    SettingsError
        If a value is not valid, or not to be written; nothing is changed then.
    SettingsChanged
        If the files are not those that were expected.
    SaidElsewhere
        If the change would change nothing.
    OSError
        If the file cannot be written.
    """
    origins = tree.origins(given or {})
    for (name, *_), value in values.items():
        if name not in Settings.model_fields and (value is not None or name not in origins):
            raise SettingsError(tree.no_setting(name))
    path = file or _one_file({name[0]: origins[name[0]] for name in values})
    with _turn(path):
        if expected is not None and expected != revision():
            raise SettingsChanged(
                "the settings have changed since they were read; read them again, and look whether"
                " the change is still wanted"
            )
        document = document_of(path)
        target = _with_values(document, values, path)
        text = path.read_text("utf-8")
        try:
            new = rewritten(text, target)
            new.encode()
        except (NotWritable, UnicodeEncodeError) as error:
            why = str(error) if isinstance(error, NotWritable) else "a letter that is none"
            raise SettingsError(f"{path}: {why}") from None
        after = checked(path, new, given or {})
        _check_holds(values, path, after)
        if approve is not None:
            approve(after)
        if new != text:
            _replace(path, new)
            after = replace(after, stamp=tree.stamp())
    return ChangedSettings(path, tuple(_differences(document, target)), after)


def _one_file(origins: Mapping[str, str]) -> Path:
    files = {name: file_for(name, origin) for name, origin in origins.items()}
    if len(set(files.values())) > 1:
        each = ", ".join(f"{name} in {path}" for name, path in files.items())
        raise SaidElsewhere(f"these are in two files: {each}; change one after the other")
    return next(iter(files.values()))


def _with_values(
    document: Mapping[str, Any], values: Mapping[Name, Any], path: Path
) -> dict[str, Any]:
    """What the file shall say."""
    target = deepcopy(dict(document))
    for name, value in values.items():
        inside: dict[str, Any] = target
        for part in name[:-1]:
            if not isinstance(inside.get(part), dict):  # a secret that was text is to be a file's
                inside[part] = {}
            inside = inside[part]
        if value is not None:
            inside[name[-1]] = value
        elif name[-1] in inside:
            del inside[name[-1]]
        else:
            raise SettingsError(f"{path} does not say {dotted(name)}")
    others = [document_of(one) for one in tree.settings_files() if one != path]
    for top in {name[0] for name, value in values.items() if value is None and len(name) > 1}:
        # An empty table of the nearer file says that there is none, whatever the other one has.
        if target[top] == {} and not any(top in other for other in others):
            del target[top]
    return target


def _check_holds(values: Mapping[Name, Any], path: Path, after: Loaded) -> None:
    """Refuse to write what something that comes before the file says otherwise."""
    for name, value in values.items():
        if value is not None and (origin := after.origins[name[0]]) != str(path):
            raise SaidElsewhere(f"{origin} says {name[0]}, too, and comes before {path}")


def _differences(
    before: Mapping[str, Any], after: Mapping[str, Any], name: Name = ()
) -> Iterator[ChangedValue]:
    for part in dict.fromkeys((*before, *after)):
        whole = (*name, part)
        old, new = before.get(part), after.get(part)
        if old == new:
            continue
        if isinstance(old, Mapping | None) and isinstance(new, Mapping | None) and len(whole) < 3:
            yield from _differences(old or {}, new or {}, whole)
        else:
            yield ChangedValue(
                dotted(whole), without_secrets(old, whole), without_secrets(new, whole)
            )


@contextlib.contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Wait until nobody else changes the file; where there is none, it is an empty one meanwhile.

    The file itself is locked. Whoever has changed it has put another one into its place.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file, made = _locked(path.resolve(), 0o644 if path == tree.SITE_FILE else 0o600)
    except OSError as error:
        raise OSError(error.errno, f"it cannot be written: {error.strerror}", str(path)) from None
    with file:
        try:
            yield
        finally:
            if made and _is_at(file, path):  # no text came into its place
                path.resolve().unlink()


def _locked(path: Path, rights: int) -> tuple[IO[bytes], bool]:
    """The file that stands there, locked, and whether it was made for that."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no plain file")
    while True:
        try:
            file, made = path.open("x+b"), True
            os.fchmod(file.fileno(), rights)
        except FileExistsError:
            try:
                file, made = path.open("r+b"), False
            except FileNotFoundError:  # it was there for somebody's turn only
                continue
        fcntl.flock(file, fcntl.LOCK_EX)
        if _is_at(file, path):
            return file, made
        file.close()


def _is_at(file: IO[bytes], path: Path) -> bool:
    """Whether a file that is open is the one that stands there."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _replace(path: Path, text: str) -> None:
    """Put another text into the place of the file: all of it or nothing, with the same rights."""
    real = path.resolve()  # a link stays one
    status = real.stat()
    made, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with os.fdopen(made, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), status.st_mode & 0o7777)
            if (status.st_uid, status.st_gid) != (os.getuid(), os.getgid()):
                with contextlib.suppress(PermissionError):
                    os.fchown(file.fileno(), status.st_uid, status.st_gid)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(real)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _can_write(path: Path) -> bool:
    folder = path.resolve().parent
    return path.exists() and os.access(path, os.W_OK) and os.access(folder, os.W_OK)


def in_words(differences: Sequence[ChangedValue]) -> str:
    """What became different, in a line: ``cores: 2 → 4``."""
    return "; ".join(f"{one.name}: {_word(one.before)} → {_word(one.after)}" for one in differences)


def _word(value: Any) -> str:
    return "not said" if value is None else value_words(value)
