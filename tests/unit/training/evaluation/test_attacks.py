"""Attacks: within their bounds, in the wrong direction, and the stronger the further they go."""

from collections.abc import Callable

import pytest
import torch

from training.evaluation.attacks import fgsm, pgd
from training.evaluation.model_under_test import ModelUnderTest

LABELS = torch.tensor([0, 1] * 4)

Attack = Callable[..., torch.Tensor]


@pytest.fixture
def pixels() -> torch.Tensor:
    """Eight random pictures, with values at both ends."""
    draw = torch.Generator().manual_seed(0)
    drawn = torch.randint(0, 256, (8, 3, 32, 32), generator=draw, dtype=torch.uint8)
    drawn[:, :, :4], drawn[:, :, -4:] = 0, 255
    return drawn


def pushed(model: ModelUnderTest, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Return how far each margin went towards the wrong label."""
    network = model.network()
    with torch.no_grad():
        moved = network(after) - network(before)
    return torch.where(LABELS == 1, -moved, moved)


@pytest.mark.parametrize("attack", [fgsm, pgd])
@pytest.mark.parametrize("epsilon", [1, 4])
def test_no_value_goes_further_than_it_may(
    model: ModelUnderTest, pixels: torch.Tensor, attack: Attack, epsilon: int
) -> None:
    """Whole steps of 255, at most epsilon away, never below 0 or above 255."""
    attacked = attack(model.network(), pixels, LABELS, epsilon)
    assert attacked.dtype == torch.uint8
    assert (attacked.int() - pixels.int()).abs().max() == epsilon


@pytest.mark.parametrize("attack", [fgsm, pgd])
def test_margins_move_towards_the_wrong_label(
    model: ModelUnderTest, pixels: torch.Tensor, attack: Attack
) -> None:
    """Reals look more fake, and fakes more real."""
    attacked = attack(model.network(), pixels, LABELS, 2)
    assert (pushed(model, pixels, attacked) > 0).all()


def test_more_room_moves_further(model: ModelUnderTest, pixels: torch.Tensor) -> None:
    """A larger epsilon pushes the margins further, and PGD further than FGSM."""
    network = model.network()
    small, large = (pgd(network, pixels, LABELS, epsilon) for epsilon in (1, 8))
    once = fgsm(network, pixels, LABELS, 8)
    assert (pushed(model, pixels, large) > pushed(model, pixels, small)).all()
    assert pushed(model, pixels, large).sum() > pushed(model, pixels, once).sum()


def test_fgsm_is_the_sign_of_the_gradient() -> None:
    """For a linear margin the attack is known exactly."""
    weights = torch.tensor([1.0, -2.0, 0.0]).view(1, 3, 1, 1)
    pixels = torch.full((2, 3, 1, 1), 100, dtype=torch.uint8)
    attacked = fgsm(lambda x: (weights * x).sum((1, 2, 3)), pixels, torch.tensor([0, 1]), 3)
    assert attacked[:, :, 0, 0].tolist() == [[103, 97, 100], [97, 103, 100]]


def test_pgd_reaches_the_best_corner_of_a_linear_margin() -> None:
    """Wherever it starts, ten steps end at the corner that FGSM goes to."""
    weights = torch.tensor([1.0, -2.0, 3.0]).view(1, 3, 1, 1)
    pixels = torch.full((2, 3, 1, 1), 100, dtype=torch.uint8)
    labels = torch.tensor([0, 1])
    attacked = pgd(lambda x: (weights * x).sum((1, 2, 3)), pixels, labels, 4, seed=5)
    assert attacked[:, :, 0, 0].tolist() == [[104, 96, 104], [96, 104, 96]]


def test_the_seed_decides_where_pgd_starts(model: ModelUnderTest, pixels: torch.Tensor) -> None:
    """The same seed gives the same attack, and another one another."""
    network = model.network()
    one, again, other = (pgd(network, pixels, LABELS, 4, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
