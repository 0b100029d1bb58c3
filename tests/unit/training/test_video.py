"""Frames of videos: which ones, and as they are displayed."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DatasetError
from tests.support.layouts import film
from training.video import evenly_spaced, read_frames


@given(total=st.integers(0, 500), count=st.integers(1, 50))
def test_positions_are_spread_over_the_whole_video(total: int, count: int) -> None:
    """As many as asked for, or all; ascending, within the video, with even gaps."""
    found = evenly_spaced(total, count)
    assert len(found) == min(total, count)
    assert found == sorted(set(found))
    assert all(0 <= position < total for position in found)
    gaps = {after - before for before, after in itertools.pairwise(found)}
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_frames_are_read_from_an_encoded_video(tmp_path: Path) -> None:
    """Of seven frames three are taken, from the middle of each third, in the video's size."""
    film(tmp_path, "a.mp4", frames=7)
    frames = list(read_frames(tmp_path / "a.mp4", 3))
    assert [index for index, _ in frames] == [1, 3, 5]
    assert {image.size for _, image in frames} == {(64, 48)}
    assert len({image.tobytes() for _, image in frames}) == 3


def test_a_short_video_gives_all_its_frames(tmp_path: Path) -> None:
    """Asking for more frames than there are is no error."""
    film(tmp_path, "a.avi", frames=2)
    assert [index for index, _ in read_frames(tmp_path / "a.avi", 10)] == [0, 1]


def test_what_is_no_video_is_told(tmp_path: Path) -> None:
    """Damaged bytes become a sentence."""
    (tmp_path / "a.mp4").write_bytes(b"half a download")
    with pytest.raises(DatasetError, match="cannot be decoded"):
        list(read_frames(tmp_path / "a.mp4", 3))
