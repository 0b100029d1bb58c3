"""Medians, ratios and percentiles of the bench."""

import pytest

from bench.figures import MIB, Figures, Push, percentile_ms, ratio


def pushes(*seconds: float, images: int = 100) -> dict[int, Push]:
    """Return a round for each of the times."""
    return {
        number: Push(images, each, cpu_s=each / 2, peak_bytes=(number + 1) * MIB)
        for number, each in enumerate(seconds)
    }


def test_the_rate_is_the_median_of_the_rounds() -> None:
    """One slow round does not move the rate."""
    assert Figures(pushes(1.0, 2.0, 50.0)).rate == 50


def test_a_ratio_is_taken_within_each_round() -> None:
    """A moment in which the whole machine is slow changes no ratio."""
    ceiling, other = Figures(pushes(1.0, 4.0, 1.0)), Figures(pushes(2.0, 8.0, 2.0))
    assert ratio(other, ceiling) == 0.5


def test_a_ratio_uses_only_the_rounds_that_both_have() -> None:
    """A contender that dropped out is compared by what it did."""
    assert ratio(Figures(pushes(2.0)), Figures(pushes(1.0, 9.0, 9.0))) == 0.5


def test_without_a_round_there_are_no_figures() -> None:
    """What was not measured is no number."""
    nothing = Figures()
    assert ratio(nothing, Figures(pushes(1.0))) is None
    assert nothing.rate is None
    assert nothing.images is None
    assert nothing.peak_mib is None
    assert nothing.cpu_us_per_image is None


def test_memory_is_the_most_that_any_round_held() -> None:
    """The peak is over all rounds."""
    assert Figures(pushes(1.0, 1.0, 1.0)).peak_mib == 3


def test_processor_time_is_told_for_one_image() -> None:
    """The time of the tree is divided by the images of its round."""
    assert Figures(pushes(1.0, 2.0, 3.0)).cpu_us_per_image == pytest.approx(10_000)


@pytest.mark.parametrize(("share", "expected_ms"), [(0.5, 15_000), (0.95, 29_000), (1.0, 30_000)])
def test_a_percentile_is_a_latency_that_was_seen(share: float, expected_ms: float) -> None:
    """The nearest rank is taken, so nothing is made up between two latencies."""
    assert percentile_ms([float(second) for second in range(30, 0, -1)], share) == expected_ms


def test_no_latencies_have_no_percentile() -> None:
    """What was not measured is no number."""
    assert percentile_ms([], 0.95) is None
