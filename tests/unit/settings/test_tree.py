"""Settings come from the first source that has them, and say which."""

from pathlib import Path

import pytest

from icestream.protocol import Program
from icestream.settings import Settings, SettingsError, load, tree
from icestream.settings.tree import checked


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A site's and a person's file that do not exist yet."""
    site, person = tmp_path / "site.toml", tmp_path / "person.toml"
    monkeypatch.setattr(tree, "SITE_FILE", site)
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(person))
    monkeypatch.delenv("ICESTREAM_STATE", raising=False)
    return site, person


def test_defaults_where_nothing_is_said(files: tuple[Path, Path]) -> None:
    loaded = load()
    assert loaded.settings.cores is None
    assert loaded.settings.report_interval == 5.0
    assert set(loaded.origins.values()) == {"default"}


def test_the_nearest_source_wins(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Command line before environment before the person's file before the site's."""
    site, person = files
    site.write_text("cores = 1\nmemory = '1GB'\nreport_interval = 1.0\nlog_level = 'error'\n")
    person.write_text("cores = 2\nmemory = '2GB'\nreport_interval = 2.0\n")
    monkeypatch.setenv("ICESTREAM_CORES", "3")
    monkeypatch.setenv("ICESTREAM_MEMORY", "3GB")
    loaded = load(cores=4, memory=None)
    assert loaded.settings.cores == 4
    assert loaded.settings.memory == 3_000_000_000
    assert loaded.settings.report_interval == 2.0
    assert loaded.settings.log_level == "error"
    assert loaded.origins == {
        "cores": "command line",
        "memory": "$ICESTREAM_MEMORY",
        "report_interval": str(person),
        "log_level": str(site),
        "tokens": "default",
        "programs": "default",
        "microscopes": "default",
        "channels": "default",
        "executors": "default",
        "executor": "default",
        "state": "default",
        "store": "default",
        "worker_silence": "default",
        "report_publish": "default",
        "login": "default",
        "objects": "default",
        "usage": "default",
        "roots": "default",
    }


def test_a_wrong_value_names_its_place(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICESTREAM_CORES", "many")
    with pytest.raises(SettingsError, match=r"\$ICESTREAM_CORES: cores = 'many'"):
        load()


def test_an_unknown_name_lists_the_known(files: tuple[Path, Path]) -> None:
    files[1].write_text("banana = 2\n")
    with pytest.raises(SettingsError, match="no setting 'banana'; there are cores, memory"):
        load()


def test_an_unknown_name_asks_for_one_that_is_near(files: tuple[Path, Path]) -> None:
    files[1].write_text("reportinterval = 2\n")
    with pytest.raises(SettingsError, match=r"'reportinterval'; did you mean report_interval\?"):
        load()


def test_tokens_from_a_file(files: tuple[Path, Path]) -> None:
    """The nearest file holds, as for every setting; tables are not merged."""
    site, person = files
    site.write_text("[tokens]\nrelion = 1\ntopaz = 3\n")
    assert load().settings.tokens == {"relion": 1, "topaz": 3}
    person.write_text("tokens = { relion = 2 }\n")
    loaded = load()
    assert loaded.settings.tokens == {"relion": 2}
    assert loaded.origins["tokens"] == str(person)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("relion=2", {"relion": 2}),
        ("relion=2, cryolo.gpu = 1,", {"relion": 2, "cryolo.gpu": 1}),
        ('{"relion": 2}', {"relion": 2}),
        ("", {}),
    ],
)
def test_tokens_from_the_environment(
    files: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    tokens: dict[str, int],
) -> None:
    files[0].write_text("tokens = { site = 9 }\n")
    monkeypatch.setenv("ICESTREAM_TOKENS", text)
    loaded = load()
    assert loaded.settings.tokens == tokens
    assert loaded.origins["tokens"] == "$ICESTREAM_TOKENS"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("relion", "'relion' is no name=number"),
        ("relion=0", "tokens.relion = 0: at least 1, found 0"),
        ("relion=-1", "tokens.relion = -1: "),
        ("relion=two", "tokens.relion = 'two': .* valid integer"),
        ("relion=1.5", "tokens.relion = '1.5': .* valid integer"),
        ('{"relion": true}', "tokens.relion = True: .* valid integer"),
        ('{"relion": "2"}', "tokens.relion = '2': .* valid integer"),
        ("{relion: 2}", "ICESTREAM_TOKENS: tokens = '{relion: 2}': Expecting"),
        ("two words=1", r"tokens.two words.\[key\] = 'two words'"),
        ("=1", r"tokens..\[key\] = ''"),
        ("[1]", r"'\[1\]' is no name=number"),
    ],
)
def test_tokens_that_are_no_tokens(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    monkeypatch.setenv("ICESTREAM_TOKENS", text)
    with pytest.raises(SettingsError, match=words):
        load()
    monkeypatch.delenv("ICESTREAM_TOKENS")
    files[1].write_text("tokens = 3\n")
    with pytest.raises(SettingsError, match=r"person\.toml: tokens = 3: .* valid dict"):
        load()


def test_a_file_that_is_no_toml(files: tuple[Path, Path]) -> None:
    files[0].write_text("cores: 2\n")
    with pytest.raises(SettingsError, match=r"site\.toml is not valid TOML"):
        load()


def test_the_store_address_is_not_shown(files: tuple[Path, Path]) -> None:
    loaded = load(store="postgresql://me:secret@here/sessions")
    assert "secret" not in repr(loaded)


def test_every_setting_has_help() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_configuration_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ICESTREAM_SETTINGS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert tree.person_file() == tmp_path / "icestream" / "settings.toml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("memory = 64", "memory: 64 B is unusual (usual: 1 GB to 100000 GB); did you mean 64 GB?"),
        ("worker_silence = 120000", "did you mean 120 s (120000 ms)?"),
        ("report_interval = -5", "more than 0 s, found -5; did you mean 5 s (without the minus)?"),
    ],
)
def test_a_value_that_makes_no_sense_is_asked_about(
    files: tuple[Path, Path], text: str, said: str
) -> None:
    files[1].write_text(text)
    with pytest.raises(SettingsError) as refused:
        load()
    assert str(files[1]) in str(refused.value)
    assert said in str(refused.value)


def test_presets_of_microscopes(files: tuple[Path, Path]) -> None:
    files[0].write_text(
        "[microscopes.krios1]\nvoltage = 300\nspherical_aberration = 2.7\n"
        "instruments = ['TITAN52334130']\n"
    )
    ((name, preset),) = load().settings.microscopes.items()
    assert (name, preset.voltage, preset.spherical_aberration) == ("krios1", 300.0, 2.7)
    files[0].write_text("[microscopes.krios1]\nspherical_aberration = 2700\n")
    with pytest.raises(SettingsError, match=r"krios1\.spherical_aberration: .* mean 2\.7 mm"):
        load()
    files[0].write_text("[microscopes.krios1]\ncs = 2.7\n")
    with pytest.raises(
        SettingsError, match=r"site\.toml: microscopes\.krios1\.cs = 2\.7: there is no 'cs'"
    ):
        load()


def test_channels_of_alerts_have_an_origin(files: tuple[Path, Path]) -> None:
    site, _ = files
    site.write_text(
        "[channels.staff]\nkind = 'log'\npath = '/tmp/alerts'\n[channels.room]\nkind = 'slack'\n"
        "url = { env = 'SLACK' }\n"
    )
    channels = load().channels
    assert channels.origin == str(site)
    assert {name: one.kind for name, one in channels.each.items()} == {
        "staff": "log",
        "room": "slack",
    }


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("kind = 'pigeon'", "channels.staff: Input tag 'pigeon'"),
        ("kind = 'slak'", "did you mean slack?"),
        ("kind = 'slack'\nurl = 't0psecret'\nlevls = 'red'", "did you mean levels?"),
        ("kind = 'slack'", "channels.staff.slack.url: Field required"),
        ("kind = 'slack'\nurl = 't0psecret'\ncolour = 'red'", "there is no 'colour'"),
        ("kind = 'slack'\nurl = { text = 't0psecret', env = 'A' }", "as text, as { file"),
        ("kind = 'slack'\nurl = 't0psecret'\nquiet = 'never'", "no hours such as 22:00-07:00"),
    ],
)
def test_a_wrong_channel_names_its_place_and_no_secret(
    files: tuple[Path, Path], lines: str, why: str
) -> None:
    site, _ = files
    site.write_text(f"[channels.staff]\n{lines}\n")
    with pytest.raises(SettingsError, match=why) as raised:
        load()
    assert str(site) in str(raised.value)
    assert "t0psecret" not in str(raised.value)


def test_folders_are_listed_as_a_path_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICESTREAM_ROOTS", "/data:/scratch/em")
    assert load().settings.roots == (Path("/data"), Path("/scratch/em"))
    monkeypatch.setenv("ICESTREAM_ROOTS", '["/a:b"]')
    assert load().settings.roots == (Path("/a:b"),)


@pytest.mark.parametrize(
    "given",
    [
        "MotionCor2=/opt/mc2, relion_refine=/opt/refine",
        '{"MotionCor2": "/opt/mc2", "relion_refine": "/opt/refine"}',
    ],
)
def test_programs_are_looked_for_where_the_environment_says(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", "{}")
    monkeypatch.setenv("ICESTREAM_PROGRAMS", given)
    loaded = load()
    assert loaded.settings.programs == {
        "MotionCor2": Path("/opt/mc2"),
        "relion_refine": Path("/opt/refine"),
    }
    assert "the settings say /opt/mc2, where no file is" in Program("MotionCor2").lacking()


def test_a_file_that_is_only_tried_moves_no_program(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", "{}")
    tried = checked(files[0], '[programs]\nMotionCor2 = "/opt/mc2"\n', {})
    assert tried.settings.programs == {"MotionCor2": Path("/opt/mc2")}
    assert "/opt/mc2" not in Program("MotionCor2").lacking()


ROOM = """
[executors.room]
kind = "ssh"
hosts = ["alpha", "beta"]
node = { cores = 4, memory = "8GB" }
"""


def test_clusters_of_a_site_are_chosen_by_a_person(files: tuple[Path, Path]) -> None:
    site, person = files
    site.write_text(ROOM)
    assert load().settings.cluster() is None
    person.write_text('executor = "room"\n')
    cluster = load().settings.cluster()
    assert cluster is not None
    assert cluster.nodes_of["host"].most == 2
    assert load(executor="local").settings.cluster() is None


def test_an_executor_that_is_not_there_is_refused_with_those_that_are(
    files: tuple[Path, Path],
) -> None:
    site, person = files
    site.write_text(ROOM)
    person.write_text('executor = "rooms"\n')
    with pytest.raises(SettingsError, match=r"person.toml: executor = 'rooms'.*room"):
        load()
    with pytest.raises(SettingsError, match="command line: executor = 'x'.*there are local, room"):
        load(executor="x")


def test_a_cluster_cannot_be_called_as_this_machine_is(files: tuple[Path, Path]) -> None:
    files[0].write_text(ROOM.replace("executors.room", "executors.local"))
    with pytest.raises(SettingsError, match="local is this machine: give the cluster another name"):
        load()
