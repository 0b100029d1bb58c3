"""A small autoencoder of faces, whose reconstructions carry a decoder's artefacts.

What a generator leaves in its images comes to a large part from how its decoder upsamples. The
reconstruction of a photo has such traces and everything else of the photo: a network that must tell
the two apart cannot lean on what is shown. Rajan et al., "Aligned Datasets Improve Detection of
Latent Diffusion-Generated Images", ICLR 2025, do so with the autoencoder of a diffusion model.
"""

from itertools import pairwise
from typing import Literal

import torch
from torch import nn
from torch.nn.functional import interpolate, pixel_shuffle

Upsampling = Literal["nearest", "transposed", "shuffle"]
UPSAMPLINGS: tuple[Upsampling, ...] = ("nearest", "transposed", "shuffle")


class Residual(nn.Module):
    """Two convolutions beside the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(8, width), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1),
            nn.GroupNorm(8, width), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return float [n, width, h, w]."""
        return x + self.body(x)


class Upsample(nn.Module):
    """Doubles both sides, in one of the ways of generators' decoders."""

    def __init__(self, width_in: int, width_out: int, kind: Upsampling) -> None:
        super().__init__()
        self.kind = kind
        if kind == "transposed":
            self.convolution: nn.Module = nn.ConvTranspose2d(width_in, width_out, 4, 2, 1)
        else:
            more = 4 if kind == "shuffle" else 1
            self.convolution = nn.Conv2d(width_in, width_out * more, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return float [n, width_out, 2 h, 2 w]."""
        if self.kind == "nearest":
            return self.convolution(interpolate(x, scale_factor=2.0, mode="nearest"))
        x = self.convolution(x)
        return pixel_shuffle(x, 2) if self.kind == "shuffle" else x


class Autoencoder(nn.Module):
    """Squeezes RGB in [0, 1], float [n, 3, h, w], to `latent` channels at 1/2^depth the side.

    Both sides must be multiples of 2^depth.
    """

    def __init__(
        self, upsampling: Upsampling, *, depth: int = 3, latent: int = 16, width: int = 32
    ) -> None:
        super().__init__()
        widths = [width * 2 ** min(level, 2) for level in range(depth + 1)]
        down: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1)]
        up: list[nn.Module] = [nn.Conv2d(latent, widths[-1], 3, padding=1), Residual(widths[-1])]
        for near, far in pairwise(widths):
            down += [Residual(near), nn.Conv2d(near, far, 4, 2, 1)]
        for near, far in zip(widths[-2::-1], widths[:0:-1], strict=True):
            up += [Upsample(far, near, upsampling), Residual(near)]
        self.encoder = nn.Sequential(*down, Residual(widths[-1]), nn.Conv2d(widths[-1], latent, 1))
        self.decoder = nn.Sequential(*up, nn.SiLU(), nn.Conv2d(width, 3, 3, padding=1))
        self.multiple = 2**depth

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the reconstruction, in the shape of the images; not clipped."""
        return self.decoder(self.encoder(x))


def loss(rebuilt: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Return the mean absolute error of pixels, and of the spectrum, which keeps detail sharp."""
    spectra = [torch.fft.rfft2(one.float(), norm="ortho") for one in (rebuilt, image)]
    return (rebuilt - image).abs().mean() + 0.1 * (spectra[0] - spectra[1]).abs().mean()
