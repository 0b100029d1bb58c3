"""What connects images to groups."""

from pathlib import Path

import numpy as np

from training.layouts.listing import Entry
from training.linking import connect, names_of

NONE = np.empty(0, np.intp)


def entry(**told: str) -> Entry:
    """Return an entry of which the layout tells something."""
    return Entry(Path("x"), 0, **told)  # pyright: ignore[reportArgumentType]


def test_chains_are_one_group() -> None:
    """What shares a name with what shares another name is connected; groups count from 0."""
    names = [["a"], ["b"], ["a", "c"], [], ["c"], ["b"]]
    assert connect(names, NONE, NONE).tolist() == [0, 1, 0, 2, 0, 1]


def test_pairs_connect_like_names() -> None:
    """Copies are connected without any name."""
    assert connect([[], [], []], np.array([0]), np.array([2])).tolist() == [0, 1, 0]
    assert connect([], NONE, NONE).tolist() == []


def test_a_person_is_one_whether_seen_or_put_on() -> None:
    """The real of a donor is connected with the fakes that wear their face."""
    seen, worn = entry(identity_a="ff:097"), entry(identity_a="ff:033", identity_b="ff:097")
    assert set(names_of("x", seen)) & set(names_of("x", worn))
    assert not set(names_of("x", seen)) & set(names_of("x", worn, donors=False))


def test_videos_are_of_their_dataset_and_recordings_of_the_world() -> None:
    """`video 7` of two datasets are two videos; a recording's name is the same everywhere."""
    one = entry(video_id="7", source_id="ff:033")
    assert set(names_of("a", one)) & set(names_of("b", one)) == {"source ff:033"}
