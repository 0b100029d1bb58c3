"""The client's API key: sent with every request, and never a broken header."""

import httpx
import pytest

from client import Client, InvalidKey


def authorizations(api_key: str | None) -> list[str | None]:
    """Return the header of each request that a client with the key sends."""
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("Authorization"))
        return httpx.Response(200, json={"models": [], "status": "ok"})

    with Client("http://test", api_key=api_key, transport=httpx.MockTransport(answer)) as client:
        client.models()
        client.is_ready()
    return seen


def test_the_key_is_sent_with_every_request() -> None:
    """As a bearer token."""
    assert authorizations("fsk_x") == ["Bearer fsk_x"] * 2


@pytest.mark.parametrize("api_key", [None, ""])
def test_without_a_key_nothing_is_sent(api_key: str | None) -> None:
    """An empty setting is none."""
    assert authorizations(api_key) == [None, None]


@pytest.mark.parametrize("api_key", ["fsk_x\nHost: evil", "fsk_\N{SNOWMAN}", "two words"])
def test_a_key_that_cannot_be_one_is_not_sent(api_key: str) -> None:
    """It would break the header, or add another."""
    with pytest.raises(InvalidKey, match="copy it anew"):
        authorizations(api_key)
