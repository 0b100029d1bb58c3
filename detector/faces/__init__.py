"""Faces: found in a picture, chosen, and cut out of it, alike in training and in serving."""

from detector.faces.crop import crop_face
from detector.faces.face import Face
from detector.faces.finder import FaceFinder

__all__ = ["Face", "FaceFinder", "crop_face"]
