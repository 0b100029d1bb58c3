"""How much fine detail a face has left: out of focus, moved or enlarged, it has little."""

import numpy as np
from PIL import Image

from detector.faces.face import Face

SIDE = 64


def sharpness(image: Image.Image, face: Face) -> float:
    """Return the variance of the Laplacian of a face's box, in grey from 0 to 255.

    It is taken at one size for all faces, 64 x 64 pixels (Pech-Pacheco et al., ICPR 2000).
    """
    grey = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=face.box).convert("L")
    pixels = np.asarray(grey, np.float64)
    middle = pixels[1:-1, 1:-1]
    around = pixels[:-2, 1:-1] + pixels[2:, 1:-1] + pixels[1:-1, :-2] + pixels[1:-1, 2:]
    return float((around - 4 * middle).var())
