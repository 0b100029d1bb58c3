"""What fakesweep aims at, beside what was measured."""

import pytest

from bench.figures import Figures, Push
from bench.targets import Extras, targets


def figures(seconds: float, *, idle_s: float = 0.01, bulk_s: float = 0.02) -> Figures:
    """Return the figures of one round of a thousand images, and of single scans."""
    pushes = {0: Push(1000, seconds, cpu_s=0.05, peak_bytes=1)}
    return Figures(pushes, idle_s=[idle_s] * 30, bulk_s=[bulk_s] * 30)


def test_every_aim_is_measured_where_everything_was() -> None:
    """Ratios, latencies and what only fakesweep is asked reach their aims."""
    both = {"a": figures(1.0), "b": figures(1.05), "c": figures(10.0)}
    found = targets({"model": both, "stand-in": both}, Extras(5.0, {1: 100.0, 4: 380.0}))
    assert [round(aim.measured or 0, 2) for aim in found] == [
        *(0.95, 0.95, 9.52, 20.0, 2.0, 50.0, 5.0, 3.8)
    ]
    assert all(aim.is_met for aim in found)


def test_an_aim_that_was_not_measured_is_neither_reached_nor_missed() -> None:
    """A run of some contenders only says nothing about the others."""
    found = targets({"stand-in": {"a": figures(1.0)}}, Extras())
    assert {aim.is_met for aim in found} == {None}


@pytest.mark.parametrize(("seconds", "is_met"), [(1.0, True), (1.5, False)])
def test_a_missed_aim_is_said_to_be_missed(seconds: float, is_met: bool) -> None:
    """Nothing is asserted; the verdict stands beside the number."""
    found = targets({"stand-in": {"a": figures(1.0), "b": figures(seconds)}}, Extras())
    assert found[1].is_met is is_met
