"""The worst errors: only errors, the worst first, and no picture of anybody unless asked for."""

import base64
import io
import json
from pathlib import Path

from PIL import Image

from tests.support.images import photo_like
from tests.support.scored import scored_table
from training.evaluation.errors import LISTED, worst_errors

IMAGES = [
    {"score": 0.9, "path": "a/flagged.png"},
    {"score": 0.6, "path": "a/nearly.png"},
    {"score": 0.2, "path": "a/right.png"},
    {"score": 0.1, "path": "b/missed.png", "label": 1, "method": "swap"},
    {"score": 0.4, "path": "b/almost.png", "label": 1},
    {"score": 0.8, "path": "b/found.png", "label": 1},
    {"reason": "no_face", "path": "b/faceless.png", "label": 1},
]


def test_errors_are_told_worst_first() -> None:
    """Flagged reals by falling score, then missed fakes by rising score; nothing that is right."""
    found = worst_errors(scored_table(IMAGES), 0.5, thumbnails=0)
    assert [(one.file, one.label) for one in found] == [
        ("flagged.png", "real"),
        ("nearly.png", "real"),
        ("missed.png", "fake"),
        ("almost.png", "fake"),
    ]
    assert (found[2].method, found[2].dataset) == ("swap", "drawn")


def test_only_names_are_kept_unless_asked_otherwise(tmp_path: Path) -> None:
    """Neither a folder nor a pixel of an image is in what is written down."""
    path = tmp_path / "secret" / "face.png"
    path.parent.mkdir()
    photo_like(1, (64, 64)).save(path)
    (found,) = worst_errors(scored_table([{"score": 0.9, "path": str(path)}]), 0.5, thumbnails=0)
    assert found.thumbnail == ""
    assert "secret" not in json.dumps(found.to_dict())


def test_thumbnails_are_small_pictures(tmp_path: Path) -> None:
    """Asked for, so many of each label are there, as data that needs no file."""
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        photo_like(number, (900, 600)).save(path)
    rows = [{"score": 0.9, "path": str(path)} for path in paths]
    found = worst_errors(scored_table(rows), 0.5, thumbnails=2)
    assert len(found) == 2
    head, _, content = found[0].thumbnail.partition(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(content))).size == (192, 128)


def test_a_picture_that_is_gone_has_no_thumbnail() -> None:
    """A file that vanished meanwhile is named, and breaks nothing."""
    (found,) = worst_errors(scored_table([{"score": 0.9}]), 0.5, thumbnails=1)
    assert found.thumbnail == ""


def test_lists_are_short() -> None:
    """Of many errors, only the worst are listed."""
    rows: list[dict[str, object]] = [{"score": 0.5 + number / 100} for number in range(40)]
    found = worst_errors(scored_table(rows), 0.5, thumbnails=0)
    assert len(found) == LISTED
    assert found[0].score > 0.88
