"""Fakes made from real faces alone: blended copies, swapped parts, decoder artefacts.

Each takes an RGB picture and its face, and returns a picture of the same size. They are made before
`training.augment`, which treats both labels alike.
"""

from training.pseudo.blending import compose, self_blend, swap

__all__ = ["compose", "self_blend", "swap"]
