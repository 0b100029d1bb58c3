"""Opaque cursors: what goes in comes out, and nothing else does."""

import json
from base64 import urlsafe_b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import cursors
from api.errors import FieldError


@given(st.integers(0, 2**63 - 1))
def test_a_cursor_leads_back_to_its_place(place: int) -> None:
    """For every place there can be."""
    cursor = cursors.encode("job", place)
    assert cursors.decode("job", cursor) == place
    assert cursor.replace("-", "a").replace("_", "a").isalnum()


@given(st.text())
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    """Never anything but a place or a sentence."""
    with suppress(FieldError):
        assert isinstance(cursors.decode("position", cursor), int)


@pytest.mark.parametrize("place", [-1, 2**63, 1.5, True, "1", None, [1]])
def test_a_forged_place_is_refused(place: object) -> None:
    """What the database could stumble over does not get there."""
    forged = urlsafe_b64encode(json.dumps({"job": place}).encode()).decode()
    with pytest.raises(FieldError):
        cursors.decode("job", forged)


@pytest.mark.parametrize("noun", ["position", "webhook"])
def test_a_place_is_no_larger_than_its_column(noun: str) -> None:
    """Postgres takes offence at a number that no column of the kind can hold."""
    largest = 2**31 - 1
    assert cursors.decode(noun, cursors.encode(noun, largest)) == largest
    with pytest.raises(FieldError):
        cursors.decode(noun, cursors.encode(noun, largest + 1))


def test_a_cursor_of_another_list_is_refused() -> None:
    """Jobs and verdicts do not mix."""
    with pytest.raises(FieldError):
        cursors.decode("position", cursors.encode("job", 5))


def test_no_cursor_is_the_first_page() -> None:
    """None stays None."""
    assert cursors.decode("job", None) is None
