"""Views of a picture: the hash of the whole, and a face at its place."""

import imagehash
import numpy as np
from PIL import Image, ImageOps

from tests.support.faces import face_at, portrait
from tests.support.images import photo_like
from training.views import FACE, MIDDLE, SIDE, WHOLE, make_views


def test_the_first_hash_is_the_pictures_phash() -> None:
    """What is kept as `phash` is what the imagehash library gives for the picture."""
    for picture in (photo_like(3, (200, 133)), portrait()):
        first = make_views(picture, None)[0]
        assert first.kind == WHOLE
        assert f"{first.phash:016x}" == str(imagehash.phash(picture))
        turned = ImageOps.mirror(picture.convert("L").resize((SIDE, SIDE), 1))
        assert f"{first.mirrored:016x}" == str(imagehash.phash(turned))


def test_a_face_is_turned_and_scaled_to_one_place() -> None:
    """A picture that was enlarged, and one that was turned, show the face alike."""
    picture = photo_like(5, (200, 200))
    (_, plain, *_) = make_views(picture, face_at((60, 60, 140, 140)))
    (_, large, *_) = make_views(
        picture.resize((600, 600), Image.Resampling.BICUBIC), face_at((180, 180, 420, 420))
    )
    (_, turned, *_) = make_views(
        picture.rotate(-30, Image.Resampling.BICUBIC), face_at((60, 60, 140, 140), tilt=30)
    )
    assert plain.kind == FACE
    for other in (large, turned):
        apart = np.abs(plain.pixels.astype(int) - other.pixels)
        assert apart.mean() < 6


def test_without_a_face_the_middle_is_viewed() -> None:
    """Three sizes of the middle stand in for the face."""
    views = make_views(photo_like(3, (200, 133)), None)
    assert [view.kind for view in views] == [WHOLE, MIDDLE, MIDDLE, MIDDLE]
    assert {view.pixels.shape for view in views} == {(SIDE, SIDE)}
