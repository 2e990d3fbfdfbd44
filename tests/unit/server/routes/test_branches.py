"""Branches, and two of them side by side."""

import pytest
from fastapi.testclient import TestClient


def test_what_branches_are_and_hold(tried: tuple[TestClient, str]) -> None:
    client, base = tried
    main, five = client.get(f"{base}/branches").json()
    assert (main["record"]["name"], main["record"]["adopted"]) == ("main", True)
    assert (main["bytes"], main["differences"]) == (None, [])
    assert five["record"]["name"] == "five"
    assert any("a.add" in line for line in five["differences"])
    assert five["bytes"] is not None
    assert five["exposures"] == main["exposures"]


def test_side_by_side(tried: tuple[TestClient, str]) -> None:
    client, base = tried
    said = client.get(f"{base}/compare", params={"b": "five"}).json()
    assert (said["old"], said["new"]) == ("main", "five")
    assert any("a.add" in line for line in said["changes"])
    (step,) = said["steps"]
    (value,) = [one for one in step["qualities"] if one["name"] == "toy.value"]
    assert value["difference"] == 4.0
    assert value["count"] == len(value["points"]) == step["both"]
    assert value["claimed"] is True
    assert value["tone"] == "other"
    assert step["fails"]["lost"]
    assert any("toy value (a) is higher" in word.lower() for word in said["verdict"])
    turned = client.get(f"{base}/compare", params={"a": "five", "b": "main", "step": "a"}).json()
    assert turned["steps"][0]["qualities"][0]["difference"] == -4.0


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("b=none", 404, "there is no branch none"),
        ("a=none&b=five", 404, "there is no branch none"),
        ("b=main", 404, "another branch than itself"),
        ("b=five&step=z", 404, "no step 'z'"),
        ("", 422, "not valid"),
    ],
)
def test_bad_questions(tried: tuple[TestClient, str], query: str, status: int, words: str) -> None:
    client, base = tried
    answer = client.get(f"{base}/compare?{query}")
    assert (answer.status_code, words in answer.json()["message"]) == (status, True)
