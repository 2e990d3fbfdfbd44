"""What of the settings a browser may say: by default, nothing."""

from typing import Any, get_args

import pytest

from icestream.channels.kinds import Channel
from icestream.server.errors import Refused
from icestream.server.site_settings import (
    CHANNELS_HERE,
    ONLY_IN_FILES,
    SETTINGS_HERE,
    channel_model,
    channel_said,
    forms,
    locked_channel,
    locked_setting,
    tried,
)
from icestream.settings import Settings, load

MAIL = {
    "kind": "email", "server": "mail.example.org", "user": "ice", "sender": "a@b.org",
    "to": ["c@d.org"],
}  # fmt: skip


def test_somebody_has_thought_about_every_setting_and_every_kind_of_channel() -> None:
    thought = {*SETTINGS_HERE, *ONLY_IN_FILES, "microscopes", "channels"}
    assert thought == set(Settings.model_fields)
    loaded = load()
    assert {n for n in thought if locked_setting(n, loaded)} == {*ONLY_IN_FILES}
    kinds = {
        get_args(model.model_fields["kind"].annotation)[0]
        for model in get_args(get_args(Channel)[0])
    }
    locked = {kind for kind in kinds if locked_channel(kind)}
    assert locked == {"command", "log"} == kinds - set(CHANNELS_HERE)
    for kind in locked:
        with pytest.raises(Refused, match="not made or changed in a browser"):
            channel_model(kind)


def test_defaults_are_not_written_unless_the_file_has_them() -> None:
    given = MAIL | {"gather": 60.0, "levels": ["warning", "critical"], "user": None}
    assert channel_said(given, None) == {
        name: value for name, value in MAIL.items() if name != "user"
    }
    assert channel_said(given, {"kind": "email", "gather": 60.0})["gather"] == 60.0


@pytest.mark.parametrize("password", ["text", {"file": "/x"}, {"env": "X"}])
def test_a_secret_is_kept_as_it_stands_in_the_file(password: Any) -> None:
    old = MAIL | {"password": password, "certificates": "/ca.pem"}
    said = channel_said(MAIL | {"quiet": "22:00-07:00"}, old)
    assert said["password"] == password
    assert said["certificates"] == "/ca.pem"
    assert channel_said(MAIL | {"password": "new"}, old)["password"] == "new"
    for elsewhere in ({"server": "evil.org"}, {"port": 25}, {"user": "eve"}, {"security": "tls"}):
        with pytest.raises(Refused, match="goes nowhere but where it was given for"):
            channel_said(MAIL | elsewhere, old)
        assert channel_said(MAIL | elsewhere | {"password": "new"}, old)["password"] == "new"


def test_what_is_tried_is_what_would_be_kept() -> None:
    assert tried(channel_said(MAIL | {"password": "x"}, None)).place == "mail.example.org:587"
    with pytest.raises(Refused) as refused:
        tried(channel_said(MAIL | {"to": "nobody"}, None) | {"colour": "red"})
    assert {one.where for one in refused.value.problems or ()} == {"to.0", "colour"}


def test_no_form_asks_for_a_file_of_the_machine() -> None:
    for name, form in forms().items():
        assert "certificates" not in form["properties"], name
        assert "'format': 'path'" not in str(form["properties"]), name
