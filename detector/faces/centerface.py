"""Reads faces out of the four maps that CenterFace computes of a picture.

CenterFace: Xu, Yan et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point",
2019, https://arxiv.org/abs/1911.03599.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STRIDE = 4  # pixels of the input for each cell of the maps
MULTIPLE = 32  # both sides of the input are multiples of it

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Candidates:
    """Faces in pixels of the network's input, the most confident first.

    `boxes` float32 [n, 4] as x0, y0, x1, y1; `scores` float32 [n]; `landmarks` float32 [n, 5, 2].
    """

    boxes: Floats
    scores: Floats
    landmarks: Floats

    def __getitem__(self, chosen: NDArray[np.intp]) -> "Candidates":
        return Candidates(self.boxes[chosen], self.scores[chosen], self.landmarks[chosen])


def read_maps(
    heat: Floats, scale: Floats, offset: Floats, landmarks: Floats, *, min_score: float
) -> Candidates:
    """Return the faces of one picture, of maps [1, 1 or 2 or 10, rows, columns]."""
    rows, columns = np.nonzero(heat[0, 0] >= min_score)
    scores = heat[0, 0, rows, columns]
    order = np.argsort(-scores, kind="stable")
    rows, columns, scores = rows[order], columns[order], scores[order]
    height, width = np.exp(scale[0][:, rows, columns]) * STRIDE
    y0 = (rows + offset[0, 0, rows, columns] + 0.5) * STRIDE - height / 2
    x0 = (columns + offset[0, 1, rows, columns] + 0.5) * STRIDE - width / 2
    points = landmarks[0][:, rows, columns].reshape(5, 2, -1)
    x, y = points[:, 1] * width + x0, points[:, 0] * height + y0
    return Candidates(
        np.stack([x0, y0, x0 + width, y0 + height], axis=1).astype(np.float32),
        scores,
        np.stack([x, y], axis=2).transpose(1, 0, 2).astype(np.float32),
    )


def suppress(found: Candidates, *, max_overlap: float) -> Candidates:
    """Leave out each face that overlaps a more confident one by more, as intersection over union.

    `found` is sorted by confidence. This is non-maximum suppression.
    """
    x0, y0, x1, y1 = found.boxes.T
    areas = (x1 - x0) * (y1 - y0)
    kept: list[int] = []
    left = np.arange(len(areas))
    while len(left):
        first, left = left[0], left[1:]
        kept.append(int(first))
        across = np.minimum(x1[first], x1[left]) - np.maximum(x0[first], x0[left])
        down = np.minimum(y1[first], y1[left]) - np.maximum(y0[first], y0[left])
        common = np.clip(across, 0, None) * np.clip(down, 0, None)
        left = left[common <= max_overlap * (areas[first] + areas[left] - common)]
    return found[np.array(kept, np.intp)]
