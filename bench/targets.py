"""What fakesweep aims at, printed beside what was measured; nothing is asserted here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.figures import Figures, percentile_ms, ratio
from bench.workloads import MODEL, STAND_IN

All = Mapping[str, Mapping[str, Figures]]  # by workload, then by letter


@dataclass(frozen=True)
class Extras:
    """What only fakesweep is asked; `scaling` are images a second by the number of workers."""

    cold_start_s: float | None = None
    scaling: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """An aim, and what was measured of it, if anything was."""

    what: str
    aim: float
    unit: str
    measured: float | None
    at_least: bool

    @property
    def is_met(self) -> bool | None:
        """Whether it was reached; None when it was not measured."""
        if self.measured is None:
            return None
        return self.measured >= self.aim if self.at_least else self.measured <= self.aim


def targets(found: All, extras: Extras) -> list[Target]:
    """Return every aim beside what was measured."""
    real, queue = found.get(MODEL.name, {}), found.get(STAND_IN.name, {})
    return [
        Target("end to end / bare loop, model", 0.95, "x", _between(real, "b", "a"), True),
        Target("end to end / bare loop, stand-in", 0.90, "x", _between(queue, "b", "a"), True),
        Target("against naive Celery, stand-in", 8, "x", _between(queue, "b", "c"), True),
        Target("interactive p95 under bulk, stand-in", 35, "ms", _bulk_p95(queue), False),
        Target("interactive p95, bulk / idle, model", 2.5, "x", _slowdown(real), False),
        Target("control plane an image", 60, "us", _of(queue, _cpu), False),
        Target("worker's cold start to first verdict", 8, "s", extras.cold_start_s, False),
        Target("4 workers / 1 worker, stand-in", 3.6, "x", _scaling(extras), True),
    ]


def _between(found: Mapping[str, Figures], one: str, other: str) -> float | None:
    return ratio(found[one], found[other]) if {one, other} <= found.keys() else None


def _of(found: Mapping[str, Figures], figure: Callable[[Figures], float | None]) -> float | None:
    return figure(found["b"]) if "b" in found else None


def _cpu(figures: Figures) -> float | None:
    return figures.cpu_us_per_image


def _bulk_p95(found: Mapping[str, Figures]) -> float | None:
    return _of(found, lambda figures: percentile_ms(figures.bulk_s, 0.95))


def _slowdown(found: Mapping[str, Figures]) -> float | None:
    idle_ms = _of(found, lambda figures: percentile_ms(figures.idle_s, 0.95))
    bulk_ms = _bulk_p95(found)
    return bulk_ms / idle_ms if idle_ms and bulk_ms else None


def _scaling(extras: Extras) -> float | None:
    one, four = extras.scaling.get(1), extras.scaling.get(4)
    return four / one if one and four else None
