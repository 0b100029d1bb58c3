"""How much is measured: rounds, images, and how many single scans; a short plan and a full one."""

from dataclasses import dataclass

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
    workers: tuple[int, ...] = ()  # numbers of workers that are compared

    def images(self, rate: float) -> int:
        """Return the images of a round for who does so many a second."""
        return max(self.fewest, int(rate * self.round_s))


def plan_for(workload: Workload, *, quick: bool) -> Plan:
    """Return the plan of a workload: `quick` takes three minutes for both together."""
    if workload == STAND_IN:
        if quick:
            return Plan(3, 1.8, 200, 128, 30, 30, workers=(1, 4))
        return Plan(5, 10, 2000, 512, 100, 100, workers=(1, 2, 4))
    if quick:
        return Plan(1, 3.5, 16, 4, 10, 8)
    return Plan(3, 30, 48, 16, 30, 30)
