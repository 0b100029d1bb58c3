"""What an image file holds: bytes, pixels, faces, and views by which copies are recognised.

Files are read by a process for each core, each with a finder of faces of its own.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.cores import usable_cores
from core.errors import ItemError
from detector.faces import Face, shared_finder
from detector.faces.sharpness import sharpness
from detector.preprocess import DecodeLimits, decode
from training.traits import blank_features, jpeg_quality, picture_features
from training.unpack import Candidate
from training.views import View, make_views

FEW = 64  # files that are not worth the start of processes
AT_ONCE = 16  # files that a process is given


@dataclass(frozen=True)
class Inspected:
    """A file as its bytes show it; `fault` says why it cannot be used, or is empty.

    `twins` are other files of the same bytes, which are left out for this one (`training.clean`).
    `face` is the largest of `n_faces`. `sharpness` is that of the face, or of the whole image where
    no face was looked for. `picture` and `blank` are the features of `training.traits`.
    """

    candidate: Candidate
    sha256: str = ""
    size_bytes: int = 0
    width: int = 0
    height: int = 0
    jpeg_quality: int = -1
    face: Face | None = None
    n_faces: int = 0
    sharpness: float = 0.0
    views: tuple[View, ...] = ()
    picture: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    blank: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    fault: str = ""
    twins: tuple[Candidate, ...] = ()

    @property
    def label(self) -> int:
        """0 real, 1 fake."""
        return self.candidate.entry.label

    @property
    def dataset(self) -> str:
        """The name of its source."""
        return self.candidate.dataset


def inspect_files(candidates: Sequence[Candidate], *, faces: bool) -> Iterator[Inspected]:
    """Yield what each file holds, in order; with `faces`, those that are in it as well."""
    look = partial(inspect_file, faces=faces)
    if len(candidates) <= FEW:
        yield from map(look, candidates)
        return
    with ProcessPoolExecutor(usable_cores()) as pool:
        yield from pool.map(look, candidates, chunksize=AT_ONCE)


def inspect_file(candidate: Candidate, *, faces: bool) -> Inspected:
    """Read, hash and decode one file, and look for faces when asked to."""
    if candidate.fault:
        return Inspected(candidate, fault=candidate.fault)
    try:
        data = candidate.entry.path.read_bytes()
    except OSError as error:
        return Inspected(candidate, fault=f"unreadable: {error.strerror}.")
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        image = decode(data, DecodeLimits())
    except ItemError as error:
        return Inspected(candidate, sha256, len(data), fault=f"{error.code}: {error.message}")
    found = shared_finder().find(image) if faces else []
    face = found[0] if found else None
    return Inspected(
        candidate,
        sha256,
        len(data),
        image.width,
        image.height,
        jpeg_quality(data),
        face,
        len(found),
        sharpness(image, face or _whole(image)),
        make_views(image, face),
        picture_features(image),
        blank_features(image, face),
    )


def _whole(image: Image.Image) -> Face:
    return Face((0, 0, image.width, image.height), 1.0, ())
