"""A face as it was found in a picture."""

import math
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Face:
    """Where a face is, in pixels of the displayed image, from its left upper corner.

    `box` is (x0, y0, x1, y1), within the picture. `landmarks` are the left eye, the right eye,
    the nose, the left and the right corner of the mouth, as seen in the picture. `score` in
    [0, 1] is the finder's confidence; it says nothing of whether the face is real.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: tuple[Point, ...]

    @property
    def width(self) -> float:
        """The width of the box in pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """The height of the box in pixels."""
        return self.box[3] - self.box[1]

    @property
    def side(self) -> float:
        """The longer side of the box in pixels: the face's size."""
        return max(self.width, self.height)

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        x0, y0, x1, y1 = self.box
        return (x0 + x1) / 2, (y0 + y1) / 2

    @property
    def tilt(self) -> float:
        """The angle of the line from the left to the right eye in degrees, clockwise as seen."""
        (left_x, left_y), (right_x, right_y) = self.landmarks[:2]
        return math.degrees(math.atan2(right_y - left_y, right_x - left_x))
