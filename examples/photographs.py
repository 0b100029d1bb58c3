"""The photographs that the example images start from: public domain or CC0, from two packages.

They are read as files, so that scikit-image needs none of its own dependencies
(`pip install --no-deps scikit-image`); matplotlib is a dependency of the project.
"""

from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from PIL import Image

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Photograph:
    """An RGB picture and where its face is: (left, top, right, bottom), None without one."""

    pixels: Image.Image
    face: Box | None = None

    @property
    def face_box(self) -> Box:
        """The face's box; raises ValueError when the picture has none."""
        if self.face is None:
            raise ValueError("This photograph shows no face from the front.")
        return self.face


def nasa_portrait() -> Photograph:
    """Return NASA's portrait of Eileen Collins; public domain."""
    return Photograph(_bundled("scikit-image", "skimage/data/astronaut.png"), (180, 74, 272, 190))


def navy_portrait() -> Photograph:
    """Return the US Navy's portrait of Grace Hopper, by James S. Davis; public domain."""
    return Photograph(
        _bundled("matplotlib", "matplotlib/mpl-data/sample_data/grace_hopper.jpg"),
        (168, 116, 368, 334),
    )


def photographer() -> Photograph:
    """Return the man with a camera, in profile, by Lav Varshney; CC0."""
    return Photograph(_bundled("scikit-image", "skimage/data/camera.png"))


def cat() -> Photograph:
    """Return Chelsea the cat, by Stefan van der Walt; CC0."""
    return Photograph(_bundled("scikit-image", "skimage/data/chelsea.png"))


def coffee() -> Photograph:
    """Return a cup of coffee, by Rachel Michetti; CC0."""
    return Photograph(_bundled("scikit-image", "skimage/data/coffee.png"))


def rocket() -> Photograph:
    """Return the launch of DSCOVR, by SpaceX; public domain."""
    return Photograph(_bundled("scikit-image", "skimage/data/rocket.jpg"))


def _bundled(package: str, path: str) -> Image.Image:
    with Image.open(Path(str(distribution(package).locate_file(path)))) as image:
        return image.convert("RGB")
