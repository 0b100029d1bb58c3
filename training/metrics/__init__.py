"""What is measured of scores and labels, and how sure one can be of it. Knows no image."""

from training.metrics.measurement import Confusion, Interval, Measurement, measure
from training.metrics.ranking import Floats, Labels
from training.metrics.reliability import Reliability, reliability

__all__ = [
    "Confusion",
    "Floats",
    "Interval",
    "Labels",
    "Measurement",
    "Reliability",
    "measure",
    "reliability",
]
