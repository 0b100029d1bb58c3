"""Fakes from real faces: changed where the mask is, of the same size, the same by the same draw."""

from random import Random

import numpy as np
import pytest
import torch
from PIL import Image

from detector.faces import Face
from tests.support.images import photo_like
from training.pseudo import compose, self_blend, swap
from training.pseudo.autoencoder import UPSAMPLINGS, Autoencoder, Upsampling, loss
from training.pseudo.masks import draw_mask
from training.pseudo.reconstruction import rebuild

POINTS = ((45.0, 50.0), (75.0, 50.0), (60.0, 66.0), (48.0, 82.0), (72.0, 82.0))
FACE = Face((30.0, 25.0, 90.0, 105.0), 0.9, POINTS)
SIZE = (120, 140)


def test_masks_cover_part_of_the_face() -> None:
    """Whatever part is drawn, it lies about the face, is soft, and leaves the rest alone."""
    masks = [draw_mask(np.array(POINTS), SIZE, Random(seed)) for seed in range(60)]
    for mask in masks:
        assert mask.shape == SIZE[::-1]
        assert mask.min() >= 0
        assert 0.2 <= mask.max() <= 1
        assert mask[:4].max() < 0.5
    assert len({round(float(mask.sum()), 3) for mask in masks}) == len(masks)
    assert np.mean([mask[60:70, 55:65].mean() for mask in masks]) > 0.2


@pytest.mark.parametrize("make", ["self_blend", "swap", "compose"])
def test_a_fake_is_the_picture_with_another_face(make: str) -> None:
    """Every kind changes the face; swaps and composites leave the picture's border as it is."""
    image, other = photo_like(1, SIZE), photo_like(2, SIZE)

    def fake(seed: int) -> np.ndarray:
        draw = Random(seed)
        if make == "self_blend":
            made = self_blend(image, FACE, draw)
        elif make == "swap":
            made = swap(image, FACE, other, FACE, draw)
        else:
            made = compose(image, other, FACE, draw)
        assert made.size == image.size
        return np.asarray(made, np.int16)

    original = np.asarray(image, np.int16)
    assert np.array_equal(fake(3), fake(3))
    assert not np.array_equal(fake(3), fake(4))
    changes = [np.abs(fake(seed) - original) for seed in range(12)]
    assert np.mean([change[40:95, 40:80].mean() for change in changes]) > 1
    if make != "self_blend":
        assert max(change[:2].max() for change in changes) <= 1


def test_a_swapped_face_takes_the_colours_of_its_place() -> None:
    """A blue donor on a red picture does not stay blue."""
    draw = np.random.default_rng(0).normal(0, 12, (*SIZE[::-1], 3))
    red, blue = (
        Image.fromarray(np.clip(draw + colour, 0, 255).astype(np.uint8))
        for colour in ((180, 60, 60), (60, 60, 180))
    )
    made = [np.asarray(swap(red, FACE, blue, FACE, Random(seed)), float) for seed in range(20)]
    middles = [one[45:90, 45:75].mean((0, 1)) for one in made]
    assert np.mean([red > blue for red, _, blue in middles]) >= 0.7


@pytest.mark.parametrize("kind", UPSAMPLINGS)
def test_an_autoencoder_learns_and_keeps_the_size(kind: Upsampling) -> None:
    """Its loss falls, and images of any size are rebuilt in that size."""
    torch.manual_seed(0)
    network = Autoencoder(kind, depth=2, latent=4, width=8)
    pixels = torch.rand(2, 3, 16, 16)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    errors = []
    for _ in range(30):
        error = loss(network(pixels), pixels)
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < 0.7 * errors[0]
    assert rebuild(network.eval(), photo_like(1, (37, 50))).size == (37, 50)
