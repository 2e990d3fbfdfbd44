"""Logging in by a real provider library, and by answers that are not the provider's."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from icestream.login import Identity, LoginUnavailable, NotProven, OidcLogin, Role
from icestream.login.oidc import Provider, SentAway
from oidc_provider import CLIENT, SECRET, Told, provider

BACK = "http://localhost:8000/api/login/oidc/callback"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider's library


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with provider(BACK, tmp_path) as running:
        yield running


def settings(told: Told, **given: Any) -> OidcLogin:
    return OidcLogin(
        **(
            {"issuer": told.issuer, "client_id": CLIENT, "client_secret": SECRET}
            | {"ca_file": told.ca_file}
            | given
        )
    )


def there(told: Told, address: str) -> str:
    """Log in at the provider; gives where it sends people back to."""
    context = ssl.create_default_context(cafile=told.ca_file)
    answer = httpx2.get(address, follow_redirects=False, verify=context)
    return str(answer.headers["location"])


def come(told: Told, **given: Any) -> Identity:
    us = Provider(settings(told, **given))
    address, asked = us.ask(BACK)
    return us.identify(there(told, address), asked, BACK)


def test_who_comes_back_is_who_the_provider_says(told: Told) -> None:
    found = come(told, roles={"EM": "operator"}, admit="viewer")
    assert (found.name, found.full_name, found.source) == ("noa", "Noa N", "oidc")
    assert found.subject.startswith(f"{told.issuer} ")
    assert (found.role, found.first_role) == (Role.OPERATOR, Role.VIEWER)


def test_nobody_is_sent_to_a_provider_that_has_gone(tmp_path: Path) -> None:
    with provider(BACK, tmp_path) as told:
        us = Provider(settings(told))
        us.ask(BACK)
    with pytest.raises(LoginUnavailable, match="does not answer as one"):
        us.ask(BACK)


def test_each_login_asks_with_secrets_of_its_own(told: Told) -> None:
    come(told)
    come(told)
    one, two = told.requests
    for name in ("state", "nonce", "code_challenge"):
        assert len(one[name][0]) >= 43
        assert one[name] != two[name]
    assert one["code_challenge_method"] == ["S256"]
    assert one["response_type"] == ["code"]


def test_a_code_is_worth_nothing_without_what_only_this_server_knows(told: Told) -> None:
    """What PKCE is for: somebody who has seen the address has not the verifier."""
    us = Provider(settings(told))
    address, asked = us.ask(BACK)
    came = there(told, address)
    stolen = SentAway(asked.state, asked.nonce, "x" * 64)
    with pytest.raises(NotProven):
        us.identify(came, stolen, BACK)


def test_a_code_serves_once(told: Told) -> None:
    us = Provider(settings(told))
    address, asked = us.ask(BACK)
    came = there(told, address)
    us.identify(came, asked, BACK)
    with pytest.raises(NotProven):
        us.identify(came, asked, BACK)


def test_the_answer_to_another_login_is_refused(told: Told) -> None:
    """An attacker's own login, given to a victim's browser."""
    us = Provider(settings(told))
    address, _ = us.ask(BACK)
    _, victims = us.ask(BACK)
    with pytest.raises(NotProven):
        us.identify(there(told, address), victims, BACK)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": ["icestream", "another-client"], "azp": "another-client"},
        {"exp": 1_000_000_000},
        {"nonce": "of another login"},
        {"nonce": None},
        {"sub": None},
        {"preferred_username": ""},
        {"preferred_username": "../admin"},
        {"preferred_username": ["noa"]},
    ],
)
def test_a_token_that_says_something_else_is_refused(told: Told, changed: dict[str, Any]) -> None:
    told.changed = changed
    with pytest.raises(NotProven):
        come(told)


def test_claims_may_be_told_at_an_address_of_their_own(told: Told) -> None:
    told.apart = True
    told.about = dict(told.user)
    assert come(told).name == "noa"
    told.about = told.user | {"sub": "somebody else"}
    with pytest.raises(NotProven, match="somebody else"):
        come(told)


def test_a_token_of_another_key_or_of_none_is_refused(told: Told) -> None:
    from joserfc.jwk import RSAKey

    told.key = RSAKey.generate_key(2048)
    with pytest.raises(NotProven, match="not valid"):
        come(told)
    told.key, told.plain = None, True
    with pytest.raises(NotProven):
        come(told)


@pytest.mark.parametrize(
    "answer", ["", "?error=access_denied", "?code=x", "?state=x", "?code=&state="]
)
def test_odd_answers_are_refused(told: Told, answer: str) -> None:
    us = Provider(settings(told))
    _, asked = us.ask(BACK)
    with pytest.raises(NotProven):
        us.identify(BACK + answer, asked, BACK)


def test_a_wrong_secret_of_this_server_is_no_login_and_is_not_told(told: Told) -> None:
    with pytest.raises(NotProven) as caught:
        come(told, client_secret="geheim")
    assert "geheim" not in str(caught.value)


def test_a_provider_that_does_not_answer_says_so(told: Told) -> None:
    with pytest.raises(LoginUnavailable, match=r"\[login.oidc\]"):
        Provider(settings(told, issuer="http://127.0.0.1:1")).ask(BACK)
    with pytest.raises(LoginUnavailable, match="/nonexistent"):
        Provider(settings(told, client_secret={"file": "/nonexistent"})).ask(BACK)


def test_a_provider_for_which_nobody_vouches_is_not_asked(told: Told) -> None:
    with pytest.raises(LoginUnavailable, match="certificate verify failed"):
        Provider(settings(told, ca_file=None)).ask(BACK)
    assert told.requests == []


def test_a_provider_with_another_name_is_refused(told: Told) -> None:
    other = told.issuer.replace("127.0.0.1", "localhost")
    with pytest.raises(LoginUnavailable, match="calls itself"):
        Provider(settings(told, issuer=other)).ask(BACK)
