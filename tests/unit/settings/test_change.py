"""Files of settings are changed whole, once at a time, and only to what is valid."""

import contextlib
import os
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from icestream.settings import Settings, SettingsError, load, tree
from icestream.settings.change import (
    EFFECT,
    SaidElsewhere,
    SettingsChanged,
    change,
    file_for,
    in_words,
    revision,
)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A site's and a person's file that do not exist yet."""
    site, person = tmp_path / "site" / "settings.toml", tmp_path / "mine" / "settings.toml"
    monkeypatch.setattr(tree, "SITE_FILE", site)
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(person))
    site.parent.mkdir()
    return site, person


def test_it_is_said_of_every_setting_when_a_change_holds() -> None:
    assert EFFECT.keys() == Settings.model_fields.keys()


def test_a_new_file_is_its_owners_alone_and_says_what_was_asked(files: tuple[Path, Path]) -> None:
    _, person = files
    done = change({("cores",): 4, ("microscopes", "krios"): {"voltage": 300}})
    assert done.file == person
    assert in_words(done.differences) == (
        "cores: not said → 4; microscopes.krios.voltage: not said → 300"
    )
    assert person.read_text() == "cores = 4\n\n[microscopes.krios]\nvoltage = 300\n"
    assert person.stat().st_mode & 0o777 == 0o600
    assert load() == done.loaded
    assert done.loaded.settings.cores == 4


def test_the_rights_of_a_file_and_a_link_to_it_stay(files: tuple[Path, Path]) -> None:
    site, person = files
    real = site.parent / "kept-elsewhere.toml"
    real.write_text("# mine\ncores = 2\n")
    real.chmod(0o640)
    person.parent.mkdir()
    person.symlink_to(real)
    change({("cores",): 3})
    assert person.is_symlink()
    assert real.read_text() == "# mine\ncores = 3\n"
    assert real.stat().st_mode & 0o777 == 0o640


def test_the_file_that_says_it_is_changed_and_its_other_words_stay(
    files: tuple[Path, Path],
) -> None:
    site, person = files
    site.write_text("# ours\n[channels.staff]\nkind = 'log'\npath = '/x'  # shared\n")
    assert change({("channels", "staff", "gather"): 5}).file == site
    assert site.read_text().startswith("# ours\n[channels.staff]\nkind = 'log'\npath = '/x'  # sha")
    assert change({("cores",): 2}).file == person
    assert site.stat().st_mode & 0o777 != 0o600  # it is everybody's


def test_a_file_that_cannot_be_written(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the system says of rights is stood in for: root, who runs tests too, may do anything."""
    site, person = files
    site.write_text("cores = 8\n[tokens]\nrelion = 1\n")
    monkeypatch.setattr(os, "access", lambda path, mode: site.parent not in Path(path).parents)
    assert change({("cores",): 2}).file == person
    assert file_for("tokens", str(site)) == site  # all of a table is in one file


def test_what_is_no_file_is_not_replaced_by_one(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, person = files
    person.parent.mkdir()
    person.symlink_to(person.parent / "a folder that is away" / "settings.toml")
    with pytest.raises(OSError, match="it cannot be written: No such .*: '.*settings.toml'"):
        change({("cores",): 2})
    monkeypatch.setenv("ICESTREAM_SETTINGS", os.devnull)
    with pytest.raises(OSError, match=f"cannot be written: it is no plain file: '{os.devnull}'"):
        change({("cores",): 2})
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({("cores",): 0}, "cores = 0: at least 1, found 0"),
        ({("banana",): 1}, "there is no setting 'banana'"),
        ({("microscopes", "k", "pixel_size"): 1}, "there is no 'pixel_size'"),
        ({("memory",): 64}, "did you mean 64 GB"),
        ({("channels", "a"): {"kind": "slack"}}, "url: Field required"),
        ({("microscopes", "k", "camera"): "\ud800"}, "no|letter"),
        ({("report_interval",): None}, "does not say report_interval"),
    ],
)
def test_what_is_not_valid_changes_nothing(
    files: tuple[Path, Path], values: dict[tuple[str, ...], object], why: str
) -> None:
    _, person = files
    person.parent.mkdir()
    person.write_text("cores = 2\n")
    with pytest.raises(SettingsError, match=why):
        change(values)
    assert person.read_text() == "cores = 2\n"
    assert list(person.parent.iterdir()) == [person]
    person.unlink()
    with pytest.raises(SettingsError, match=why):
        change(values)
    assert list(person.parent.iterdir()) == []


def test_a_wrong_value_of_an_overridden_file_is_found_all_the_same(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, _ = files
    site.write_text("[tokens]\nrelion = 1\n")
    monkeypatch.setenv("ICESTREAM_TOKENS", "relion=3")
    with pytest.raises(SaidElsewhere, match=r"\$ICESTREAM_TOKENS, which comes before"):
        change({("tokens", "relion"): 2})
    with pytest.raises(SettingsError, match="at least 1"):
        change({("tokens", "relion"): 0}, file=site)
    with pytest.raises(SaidElsewhere, match=r"ICESTREAM_TOKENS says tokens, too"):
        change({("tokens", "relion"): 2}, file=site)


def test_a_broken_file_can_be_put_right(files: tuple[Path, Path]) -> None:
    _, person = files
    person.parent.mkdir()
    person.write_text("banana = 1\ncores = 'many'\n")
    change({("banana",): None, ("cores",): 2})
    assert person.read_text() == "cores = 2\n"
    person.write_text("cores: 2")
    with pytest.raises(SettingsError, match="is not valid TOML"):
        change({("cores",): 3})


def test_files_that_changed_meanwhile_are_left_alone(files: tuple[Path, Path]) -> None:
    _, person = files
    read = revision()
    change({("cores",): 2}, expected=read)
    for values in ({("cores",): 3}, {("cores",): None}):
        with pytest.raises(SettingsChanged, match="have changed since they were read"):
            change(values, expected=read)
    assert person.read_text() == "cores = 2\n"
    change({("cores",): 3}, expected=revision())


def test_the_last_of_several_hides_those_of_the_other_file(files: tuple[Path, Path]) -> None:
    """A nearer file holds as a whole: without its last channel, it says that there is none."""
    site, person = files
    person.parent.mkdir()
    person.write_text("[channels.a]\nkind = 'log'\npath = '/a'\n")
    site.write_text("[channels.b]\nkind = 'log'\npath = '/b'\n")
    assert change({("channels", "a"): None}).loaded.settings.channels == {}
    assert person.read_text() == "[channels]\n"
    assert list(change({("channels",): None}).loaded.settings.channels) == ["b"]
    change({("channels", "b"): None})
    assert site.read_text() == ""


def test_two_files_are_not_changed_at_once(files: tuple[Path, Path]) -> None:
    site, person = files
    site.write_text("[tokens]\nrelion = 1\n")
    with pytest.raises(SaidElsewhere, match="in two files: .*tokens in"):
        change({("cores",): 1, ("tokens", "relion"): 2})
    assert not person.exists()


def test_a_secret_is_in_no_words(files: tuple[Path, Path]) -> None:
    done = change(
        {("channels", "a"): {"kind": "slack", "url": "https://x/s3cret"}, ("store",): "s3cret://"}
    )
    said = in_words(done.differences) + repr(done)
    assert "channels.a.url: not said → (set)" in said
    assert "s3cret" not in said
    done = change({("channels", "a", "url"): {"file": "/x"}})
    assert in_words(done.differences) == "channels.a.url: (set) → (set)"


def test_the_revision_tells_nobody_what_is_in_the_file(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = revision()
    monkeypatch.setattr("icestream.settings.change._KEY", b"another process")
    assert revision() != before


def test_where_a_setting_is_changed(files: tuple[Path, Path]) -> None:
    site, person = files
    site.write_text("cores = 1\n")
    assert file_for("cores", "default") == person
    assert file_for("cores", str(site)) == site
    with pytest.raises(SaidElsewhere, match="said when this was started"):
        file_for("state", "command line")


def test_many_at_once_lose_nothing(files: tuple[Path, Path]) -> None:
    """Nor do those that are refused take the file away that another one has begun."""
    _, person = files

    def ask(number: int) -> None:
        with contextlib.suppress(SettingsError):
            change({("tokens", f"t{number}"): number % 3})  # 0 is refused

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(24)))
    said = tomllib.loads(person.read_text())["tokens"]
    assert said == {f"t{n}": n % 3 for n in range(24) if n % 3}
    assert list(person.parent.iterdir()) == [person]
