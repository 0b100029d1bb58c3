"""Attacks on a network's input: changes too small to see that move the margin the wrong way.

All of them keep every value within `epsilon` steps (of 255) of the picture, and give whole steps
from 0 to 255: what a file can hold.
"""

from collections.abc import Callable

import torch

Margins = Callable[[torch.Tensor], torch.Tensor]

PGD_STEPS = 10


def fgsm(
    margins: Margins, pixels: torch.Tensor, labels: torch.Tensor, epsilon: int
) -> torch.Tensor:
    """Return the fast gradient sign attack on pixels, uint8 [n, 3, s, s] (Goodfellow et al.,
    "Explaining and Harnessing Adversarial Examples", ICLR 2015): one step of the full size.

    `margins` gives float [n] of float pixels in [0, 255]; labels [n] are 0 real, 1 fake.
    """
    start = pixels.float()
    return _whole(start + epsilon * _direction(margins, start, labels))


def pgd(
    margins: Margins,
    pixels: torch.Tensor,
    labels: torch.Tensor,
    epsilon: int,
    *,
    seed: int = 0,
    steps: int = PGD_STEPS,
) -> torch.Tensor:
    """Return the projected gradient attack on pixels, uint8 [n, 3, s, s] (Madry et al., "Towards
    Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018), from a random start.

    Each step is 2.5 epsilon / steps long, so that every corner of the allowed cube can be reached.
    """
    start = pixels.float()
    draw = torch.Generator().manual_seed(seed)
    jump = torch.rand(start.shape, generator=draw).to(start.device) * 2 - 1
    attacked = (start + epsilon * jump).clamp(0, 255)
    for _ in range(steps):
        moved = attacked + 2.5 * epsilon / steps * _direction(margins, attacked, labels)
        attacked = start + (moved - start).clamp(-epsilon, epsilon)
        attacked = attacked.clamp(0, 255)
    return _whole(attacked)


def _direction(margins: Margins, pixels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the sign of the gradient that makes reals look fake, and fakes real.

    The margin itself is followed, not its loss, whose gradient vanishes where the network is sure.
    """
    leaf = pixels.detach().requires_grad_()
    with torch.enable_grad():
        found = margins(leaf)
        wrong = torch.where(labels == 1, -1.0, 1.0).to(found.device)
        (gradient,) = torch.autograd.grad((wrong * found).sum(), leaf)
    return gradient.sign()


def _whole(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.round().clamp(0, 255).to(torch.uint8)
