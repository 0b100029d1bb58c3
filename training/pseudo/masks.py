"""Soft masks over parts of a face, placed by five landmarks and deformed at random.

Landmarks are float [5, 2], (x, y) in pixels, in the order of `detector.faces.Face`.
"""

from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from training.draws import generator

Floats = NDArray[np.floating]

SIDE = 96  # masks are smooth, so they are made small and scaled up
PARTS = ("face", "face", "face", "lower", "upper", "eyes", "eye", "nose", "mouth", "patch")
RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)  # of the blend, as Shiohara & Yamasaki draw it


def draw_mask(landmarks: Floats, size: tuple[int, int], draw: Random) -> Floats:
    """Return float32 [height, width] in [0, 1]: where, and how much, the other image shows."""
    points = np.asarray(landmarks, np.float64) * (SIDE / np.array(size))
    mask = sum_of_ellipses(_ellipses(draw.choice(PARTS), points, draw))
    mask = _deform(mask, draw)
    mask = gaussian_filter(mask, draw.uniform(0.5, 5))
    top = mask.max()
    if top <= 0:  # deformed out of the picture
        return np.zeros(size[::-1], np.float32)
    small = Image.fromarray((mask / top).astype(np.float32))
    scaled = np.asarray(small.resize(size, Image.Resampling.BICUBIC), np.float32)
    return np.clip(scaled, 0, 1) * draw.choice(RATIOS)


def sum_of_ellipses(ellipses: list[tuple[Floats, float, float, Floats]]) -> Floats:
    """Return float64 [96, 96]: 1 within any ellipse (centre, semi-axes along and across, axis)."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    mask = np.zeros((SIDE, SIDE))
    for centre, along, across, axis in ellipses:
        x, y = columns - centre[0], rows - centre[1]
        down = (x * axis[0] + y * axis[1]) / max(along, 1)
        aside = (y * axis[0] - x * axis[1]) / max(across, 1)
        mask[down**2 + aside**2 <= 1] = 1
    return mask


def _ellipses(part: str, points: Floats, draw: Random) -> list[tuple[Floats, float, float, Floats]]:
    """Place a part: the axis runs from between the eyes to the mouth, the unit is its length."""
    left, right, nose = points[:3]
    eyes, mouth = (left + right) / 2, (points[3] + points[4]) / 2
    unit = max(float(np.linalg.norm(mouth - eyes)), 1.0)
    axis = (mouth - eyes) / unit
    wide, high = draw.uniform(0.9, 1.25) * unit, draw.uniform(1.1, 1.5) * unit
    middle = eyes + axis * unit * draw.uniform(0.35, 0.55)
    near = draw.uniform(0.8, 1.3) * unit
    match part:
        case "face":
            return [(middle, high, wide, axis)]
        case "lower":
            return [(mouth - axis * 0.1 * unit, 0.75 * near, 0.9 * near, axis)]
        case "upper":
            return [(eyes - axis * 0.1 * unit, 0.6 * near, 1.1 * near, axis)]
        case "eyes":
            return [(eye, 0.28 * near, 0.42 * near, axis) for eye in (left, right)]
        case "eye":
            return [(draw.choice((left, right)), 0.28 * near, 0.42 * near, axis)]
        case "nose":
            return [(nose - axis * 0.15 * unit, 0.45 * near, 0.32 * near, axis)]
        case "mouth":
            return [(mouth, 0.3 * near, 0.55 * near, axis)]
    where = middle + generator(draw).uniform(-0.8, 0.8, 2) * unit
    return [(where, draw.uniform(0.2, 0.7) * unit, draw.uniform(0.2, 0.7) * unit, axis)]


def _deform(mask: Floats, draw: Random) -> Floats:
    """Push the mask about smoothly, so that no outline is an ellipse."""
    noise = generator(draw).uniform(-1, 1, (2, SIDE, SIDE))
    smooth = gaussian_filter(noise, (0, draw.uniform(4, 8), draw.uniform(4, 8)))
    push = smooth / max(np.abs(smooth).max(), 1e-9) * draw.uniform(1, 7)
    grid = np.mgrid[0:SIDE, 0:SIDE] + push
    return map_coordinates(mask, grid, order=1, mode="constant")
