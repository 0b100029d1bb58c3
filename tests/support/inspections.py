"""Files as they look once inspected, without any file."""

from pathlib import Path

from PIL import Image

from detector.faces import Face
from tests.support.images import photo_like
from tests.support.layouts import seed_of
from training.inspection import Inspected
from training.layouts.listing import Entry
from training.unpack import Candidate
from training.views import make_views


def inspected(
    name: str,
    *,
    label: int = 0,
    picture: Image.Image | int | None = None,
    sha256: str = "",
    dataset: str = "drawn",
    sharpness: float = 500.0,
    face: Face | None = None,
    **told: str,
) -> Inspected:
    """Return a sound file of the given traits; its picture is drawn from a number.

    `told` is what the layout says of it: source_id, identity_a, split and so on.
    """
    if not isinstance(picture, Image.Image):
        picture = photo_like(seed_of(name) if picture is None else picture, (96, 96))
    entry = Entry(Path(name), label, **told)  # pyright: ignore[reportArgumentType]
    return Inspected(
        Candidate(dataset, entry),
        sha256 or name,
        100,
        96,
        96,
        face=face,
        n_faces=int(face is not None),
        sharpness=sharpness,
        views=make_views(picture, None),
    )
