"""Copies of a picture: saved again, resized, mirrored, cropped; and what is none."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from detector.faces import Face, FaceFinder
from tests.support.faces import EXAMPLES, portrait
from tests.support.images import encoded, photo_like
from training.duplicates import BITS, find_copies, near_pairs
from training.views import make_views


def largest(image: Image.Image) -> Face | None:
    """Return the largest face of a picture."""
    return next(iter(FaceFinder.load().find(image)), None)


def pairs(*images: Image.Image, faces: bool = False) -> set[tuple[int, int]]:
    """Return which of the pictures are copies of each other."""
    found = find_copies([make_views(one, largest(one) if faces else None) for one in images])
    return set(zip(found.first.tolist(), found.second.tolist(), strict=True))


def saved(image: Image.Image, quality: int) -> Image.Image:
    """Return the picture as a JPEG gives it back."""
    return Image.open(io.BytesIO(encoded(image, "JPEG", quality=quality))).convert("RGB")


def test_copies_are_found_among_others() -> None:
    """A JPEG, a smaller one, a mirrored one and the middle of a picture are copies of it."""
    picture = photo_like(1, (320, 320))
    copies = [
        saved(picture, 40),
        picture.resize((150, 150)),
        ImageOps.mirror(picture),
        picture.crop((32, 32, 288, 288)),
    ]
    others = [photo_like(seed, (320, 320)) for seed in range(2, 12)]
    found = pairs(picture, *copies, *others)
    assert {(0, 1), (0, 2), (0, 3), (0, 4)} <= found
    assert all(second <= len(copies) for _, second in found)


@pytest.mark.parametrize("variant", ["close-crop", "half-size", "heavy-jpeg", "mirrored"])
def test_variants_of_a_portrait_are_known(variant: str) -> None:
    """A portrait that was cropped, made smaller, or mirrored is a copy; of others it is none."""
    whole = portrait("photos/nasa-portrait")
    with Image.open(next((EXAMPLES / "variants").glob(f"{variant}.*"))) as opened:
        changed = opened.convert("RGB")
    others = [portrait("photos/navy-portrait"), portrait("photos/photographer")]
    assert pairs(whole, changed, *others, faces=True) == {(0, 1)}


def test_an_edited_part_is_no_second_save() -> None:
    """A picture saved again is the same throughout; one with a part exchanged is not."""
    picture = photo_like(1, (320, 320))
    edited = picture.copy()
    ImageDraw.Draw(edited).ellipse((120, 120, 200, 200), fill=(250, 10, 10))
    views = [make_views(one, None) for one in (picture, saved(picture, 40), edited)]
    found = find_copies(views)
    same = dict(zip(zip(found.first.tolist(), found.second.tolist(), strict=True), found.same,
                    strict=True))  # fmt: skip
    assert same[0, 1]
    assert not same[0, 2]


def test_pictures_without_contrast_are_compared_without_a_fault() -> None:
    """A white and a black picture, and many of them, give no NaN and end."""
    blank = [Image.new("RGB", (64, 64), (shade, shade, shade)) for shade in (0, 255, 255)]
    assert (1, 2) in pairs(*blank)
    assert pairs() == set()


@pytest.mark.parametrize("seed", range(3))
def test_no_near_hash_is_missed(seed: int) -> None:
    """Every pair that differs in at most eight bits is found, compared with trying all pairs."""
    random = np.random.default_rng(seed)
    hashes = random.integers(0, 2**63, 300, np.uint64)
    for index in range(0, 300, 3):
        flips = random.choice(64, random.integers(0, 14), replace=False)
        hashes[index] = hashes[index - 1] ^ np.bitwise_or.reduce(
            np.uint64(1) << flips.astype(np.uint64), initial=np.uint64(0)
        )
    hashes = np.unique(hashes)
    expected = {
        pair
        for pair in itertools.combinations(range(len(hashes)), 2)
        if np.bitwise_count(hashes[pair[0]] ^ hashes[pair[1]]) <= BITS
    }
    found = {
        (min(one, other), max(one, other))
        for first, second in near_pairs(hashes)
        for one, other in zip(first.tolist(), second.tolist(), strict=True)
    }
    assert found == expected
    assert expected
