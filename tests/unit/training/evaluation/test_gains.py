"""Gains of methods: means and differences on the same squares, with intervals of both."""

import pandas as pd
import pytest

from training.evaluation.gains import Row, compare_gains


def measured(**gains: list[float]) -> pd.DataFrame:
    """Return what methods measured on squares in turn fake and real, each of a group of its own."""
    rows = [
        {
            "method": method,
            "square": square,
            "verdict": "real" if square % 2 else "fake",
            "group": square,
            "deletion": 0.1,
            "insertion": 0.1 + gain,
            "seconds": float(square),
        }
        for method, values in gains.items()
        for square, gain in enumerate(values)
    ]
    return pd.DataFrame(rows)


def by_name(rows: tuple[Row, ...], verdict: str = "all") -> dict[str, Row]:
    """Return the rows of a verdict by their method."""
    return {row.method: row for row in rows if row.verdict == verdict}


def test_the_best_method_is_behind_nobody() -> None:
    """The other one is by what their gains differ, of each kind of verdict by itself."""
    rows = compare_gains(
        measured(a=[0.8, 0.2, 0.4, 0.2], b=[0.2, 0.4, 0.2, 0.4]), rounds=50, seed=1
    )
    assert {row.verdict for row in rows} == {"all", "fake", "real"}
    overall = by_name(rows)
    assert overall["a"].gain == pytest.approx(0.4)
    assert (overall["a"].behind, overall["a"].behind_interval) == (0, (0, 0))
    assert overall["b"].behind == pytest.approx(0.1)
    assert (overall["a"].n, overall["a"].seconds) == (4, 1.5)
    assert by_name(rows, "real")["a"].behind == pytest.approx(0.2)
    assert by_name(rows, "fake")["b"].behind == pytest.approx(0.4)


def test_differences_are_surer_than_gains() -> None:
    """Squares on which all methods do badly say nothing of which one is better."""
    gains = [0.0, 0.9, 0.1, 0.8, 0.2, 0.7]
    rows = compare_gains(measured(a=gains, b=[one - 0.1 for one in gains]), rounds=200, seed=1)
    found = by_name(rows)["b"]
    assert found.gain_interval is not None
    assert found.gain_interval[1] - found.gain_interval[0] > 0.3
    assert found.behind_interval == pytest.approx((0.1, 0.1))


def test_what_hangs_together_is_drawn_together() -> None:
    """Frames of one video are one group, and one group has no interval."""
    table = measured(a=[0.5, 0.4, 0.3], b=[0.1, 0.2, 0.3]).assign(group=0)
    rows = compare_gains(table, rounds=50, seed=1)
    assert all(row.gain_interval is None and row.behind_interval is None for row in rows)


def test_squares_keep_their_place() -> None:
    """Whatever order they were measured in."""
    table = measured(a=[0.5, 0.4, 0.3], b=[0.1, 0.2, 0.6])
    one, other = (
        by_name(compare_gains(rows, rounds=50, seed=1))
        for rows in (table, pd.concat([table.iloc[:3], table.iloc[:2:-1]]))
    )
    assert one["b"].behind_interval == pytest.approx(other["b"].behind_interval)
