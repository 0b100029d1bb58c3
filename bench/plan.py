"""How much is measured: rounds, images, and how many single scans; a short plan and a full one."""

from dataclasses import dataclass, replace

from bench.workloads import STAND_IN, Workload


@dataclass(frozen=True)
class Plan:
    """How much of one workload is measured.

    A round of the bare loop takes about `round_s`, and so do those of the slower contenders, which
    get fewer images then, but never fewer than `fewest`.
    """

    rounds: int
    round_s: float
    fewest: int
    warm_up: int
    idle_scans: int
    bulk_scans: int
    workers: tuple[int, ...] = ()  # numbers of workers that are compared with one

    def images(self, rate: float) -> int:
        """Return the images of a round for who does so many a second."""
        return max(self.fewest, int(rate * self.round_s))


def plan_for(workload: Workload, *, quick: bool, rounds: int | None = None) -> Plan:
    """Return the plan of a workload: `quick` takes three minutes for both, else about fifteen."""
    if workload == STAND_IN and quick:
        plan = Plan(1, 1.2, 100, 64, 30, 30)
    elif workload == STAND_IN:
        plan = Plan(5, 5, 500, 256, 50, 50, workers=(2, 4))
    elif quick:
        plan = Plan(1, 2.5, 12, 2, 6, 4)
    else:
        plan = Plan(5, 10, 32, 8, 30, 30)
    return replace(plan, rounds=rounds or plan.rounds)
