"""Faces: found in a picture, chosen, and cut out of it, alike in training and in serving."""

from detector.faces.crop import crop_face, square_around
from detector.faces.face import Face
from detector.faces.finder import FaceFinder, shared_finder
from detector.faces.selection import NoScorableFaceError, UnscoredFace, select
from detector.faces.sharpness import sharpness

__all__ = [
    "Face",
    "FaceFinder",
    "NoScorableFaceError",
    "UnscoredFace",
    "crop_face",
    "select",
    "shared_finder",
    "sharpness",
    "square_around",
]
