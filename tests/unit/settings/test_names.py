"""A name of a setting says what stands there."""

import pytest

from icestream.channels.secret import Secret
from icestream.settings import SettingsError
from icestream.settings.names import dotted, is_secret, name_of, types_at, without_secrets


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cores", ("cores",)),
        ("microscopes.krios1.voltage", ("microscopes", "krios1", "voltage")),
        ('tokens."cryolo.gpu"', ("tokens", "cryolo.gpu")),
    ],
)
def test_a_name_has_parts(text: str, name: tuple[str, ...]) -> None:
    assert name_of(text) == name
    assert dotted(name) == text


@pytest.mark.parametrize("text", ["", " ", "a b", "a.", "a = 1\nb", "[a]", "a = { b = 1 }\nc"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is no name of a setting"):
        name_of(text)


def test_types_are_those_of_the_models() -> None:
    assert int in types_at(("cores",))
    assert types_at(("tokens", "relion")) == [int]
    assert float in types_at(("microscopes", "any", "voltage"))
    assert set(types_at(("channels", "any", "url"))) == {Secret}
    assert types_at(("microscopes", "any", "pixel_size")) == []
    assert types_at(("banana",)) == []


def test_secrets_are_found_wherever_they_are() -> None:
    for text in ("store", "report_publish", "channels.a.url", "channels.a.token.file",
                 "channels.a.password.text", "login.ldap.bind_password",
                 "login.oidc.client_secret"):  # fmt: skip
        assert is_secret(name_of(text)), text
    for text in ("cores", "channels.a.kind", "login.hours", "channels.a", "banana"):
        assert not is_secret(name_of(text)), text


def test_secrets_are_hidden_and_the_rest_is_not() -> None:
    said = {"channels": {"a": {"kind": "slack", "url": "https://x/s3cret"}}, "store": "s3cret"}
    hidden = without_secrets(said)
    assert hidden == {"channels": {"a": {"kind": "slack", "url": "(set)"}}, "store": "(set)"}
