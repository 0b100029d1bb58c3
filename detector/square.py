"""The part of a picture that the network sees."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Square:
    """A square of `side` pixels of the displayed image, from its left upper corner.

    It is turned about its middle: what is level in it falls by `degrees` from left to right in the
    picture.
    """

    left: int
    top: int
    side: int
    degrees: float = 0.0

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The square as (x0, y0, x1, y1), as if it were not turned."""
        return self.left, self.top, self.left + self.side, self.top + self.side


def centred(width: int, height: int) -> Square:
    """Return the largest square in the middle of a picture."""
    side = min(width, height)
    return Square((width - side) // 2, (height - side) // 2, side)
