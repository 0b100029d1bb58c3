"""What a picture tells beside its face."""

import numpy as np
import pytest
from PIL import Image

from tests.support.faces import face_at
from tests.support.images import encoded, photo_like
from training.traits import N_FEATURES, blank_features, jpeg_quality, picture_features


@pytest.mark.parametrize("quality", [1, 10, 37, 50, 75, 90, 95, 99, 100])
def test_quality_is_read_off_the_quantization_tables(quality: int) -> None:
    """What Pillow saved at a quality is told to be of that quality, whatever the subsampling."""
    for subsampling in (0, 2):
        data = encoded(photo_like(1, (64, 64)), "JPEG", quality=quality, subsampling=subsampling)
        assert jpeg_quality(data) == quality


def test_other_formats_have_no_quality() -> None:
    """PNG, WebP and damaged bytes give -1."""
    for data in (encoded(photo_like(1, (64, 64)), "PNG"), b"\xff\xd8\xff", b""):
        assert jpeg_quality(data) == -1


def test_a_blanked_face_tells_nothing_of_itself() -> None:
    """Two pictures that differ in the face alone are the same without it, and differ with it."""
    face = face_at((60, 60, 100, 100))
    one = photo_like(1, (160, 160))
    other = one.copy()
    other.paste(Image.new("RGB", (40, 40), (255, 0, 0)), (60, 60))
    assert np.array_equal(blank_features(one, face), blank_features(other, face))
    assert not np.array_equal(picture_features(one), picture_features(other))
    assert blank_features(one, None).shape == picture_features(one).shape == (N_FEATURES,)


def test_surroundings_stay_visible() -> None:
    """What lies around the face still counts."""
    face = face_at((60, 60, 100, 100))
    one, other = photo_like(1, (160, 160)), photo_like(2, (160, 160))
    assert not np.array_equal(blank_features(one, face), blank_features(other, face))
