"""The examples that a network is trained on, made from the rows of a dataset.

What is shown is drawn (`training.sampling`), made fake where its kind says so, cut and augmented.
"""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pandas as pd
import torch
from PIL import Image
from torch.utils.data import Dataset

from detector.faces import Face, crop_face
from detector.preprocess import PreprocessingSpec, to_pixels
from training.augment import augment
from training.config import TrainingConfig
from training.pseudo import compose, self_blend, swap
from training.rows import face_of, read_image, rows_of
from training.sampling import Kind, build_sampler

REGION = 2.2  # sides of the face: what is kept of the picture around it
WHOLLY_REBUILT = 0.5  # of the reconstructions; in the others a part of the face is

Example = dict[str, Any]


class TrainingExamples(Dataset[Example]):
    """An epoch of examples: `{"pixels": uint8 [3, size, size], "labels": 0 or 1}`.

    What an example looks like follows from the seed, the epoch and its index alone, so a run that
    was stopped goes on with the same images.
    """

    def __init__(
        self, items: pd.DataFrame, spec: PreprocessingSpec, config: TrainingConfig
    ) -> None:
        self._rows = rows_of(items)
        self._spec = spec
        self._config = config
        self._sampler = build_sampler(items, config.sampling, config.seed)
        self._originals = {
            row["sha256"]: index for index, row in enumerate(self._rows) if row["label"] == 0
        }
        self.set_epoch(0)

    def __len__(self) -> int:
        return self._sampler.images

    def set_epoch(self, epoch: int) -> None:
        """Draw the epoch; the data loader calls this when one starts."""
        self._epoch = epoch
        self._drawn = self._sampler.epoch(epoch)

    def __getitem__(self, index: int) -> Example:
        draw = Random(f"{self._config.seed} {self._epoch} {index}")
        kind = Kind(self._drawn.kinds[index])
        row = self._rows[self._drawn.rows[index]]
        image = self._cut(*self._make(kind, row, draw), draw)
        image = augment(image, self._config.augmentation, draw)
        return _example(image, self._spec, int(kind != Kind.REAL))

    def _make(
        self, kind: Kind, row: Mapping[str, Any], draw: Random
    ) -> tuple[Image.Image, Face | None]:
        """Return the picture, real or made fake, and its face."""
        image, face = self._picture(row)
        if face is None:
            return image, None
        if kind == Kind.SELF_BLENDED:
            return self_blend(image, face, draw), face
        if kind == Kind.SWAPPED:
            return swap(image, face, *self._donor(row, draw), draw), face
        if kind == Kind.RECONSTRUCTED and draw.random() >= WHOLLY_REBUILT:
            original = self._originals.get(row["source_id"])
            if original is not None:
                photo, of_photo = self._picture(self._rows[original])
                assert of_photo is not None, "What was rebuilt has its original's face."
                rebuilt = image.resize(photo.size, Image.Resampling.BOX)  # one may be decoded fast
                return compose(photo, rebuilt, of_photo, draw), of_photo
        return image, face

    def _picture(self, row: Mapping[str, Any]) -> tuple[Image.Image, Face | None]:
        """Return the row's picture, with faces only what is around it, and the largest face.

        The face is in pixels of the returned picture, which may have been decoded smaller.
        """
        image = read_image(row, self._spec)
        if not len(row["landmarks"]):
            return image, None
        face = _scaled(face_of(row), image.width / row["width"], image.height / row["height"])
        return (image, face) if self._spec.faces == "off" else _around(image, face)

    def _donor(self, row: Mapping[str, Any], draw: Random) -> tuple[Image.Image, Face]:
        """Return another real face, of the same dataset, so that its quality is alike."""
        pool = self._sampler.pools[Kind.SWAPPED][row["dataset"]]
        image, face = self._picture(self._rows[draw.choice(pool)])
        assert face is not None, "The pool of swapped images holds faces only."
        return image, face

    def _cut(self, image: Image.Image, face: Face | None, draw: Random) -> Image.Image:
        if self._spec.faces == "off" or face is None:
            return image
        varied = self._config.augmentation
        return crop_face(
            image,
            face,
            self._spec,
            scale=1 + draw.uniform(-varied.frame, varied.frame),
            shift=(
                draw.uniform(-varied.shift, varied.shift),
                draw.uniform(-varied.shift, varied.shift),
            ),
        )


def _around(image: Image.Image, face: Face) -> tuple[Image.Image, Face]:
    """Return the part of the picture around the face, and the face in it."""
    reach = face.side * REGION / 2
    (x, y), (width, height) = face.centre, image.size
    left, top = max(0, round(x - reach)), max(0, round(y - reach))
    right, bottom = min(width, round(x + reach)), min(height, round(y + reach))
    return image.crop((left, top, right, bottom)), _moved(face, -left, -top)


def _moved(face: Face, x: float, y: float) -> Face:
    x0, y0, x1, y1 = face.box
    landmarks = tuple((at_x + x, at_y + y) for at_x, at_y in face.landmarks)
    return replace(face, box=(x0 + x, y0 + y, x1 + x, y1 + y), landmarks=landmarks)


def _scaled(face: Face, across: float, down: float) -> Face:
    x0, y0, x1, y1 = face.box
    landmarks = tuple((x * across, y * down) for x, y in face.landmarks)
    return replace(face, box=(x0 * across, y0 * down, x1 * across, y1 * down), landmarks=landmarks)


def _example(image: Image.Image, spec: PreprocessingSpec, label: int) -> Example:
    return {"pixels": torch.from_numpy(to_pixels(image, spec)), "labels": label}
