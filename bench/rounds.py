"""Measures one workload: everybody is started, then all take turns, round after round."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.contestant import Contestant, ContestantError
from bench.entries import Entry
from bench.figures import Figures, percentile_ms
from bench.images import ImageMaker
from bench.place import ImageSet, Place
from bench.plan import Plan
from bench.progress import Progress
from bench.targets import Extras
from bench.workloads import MODEL, Workload

HEAD_START_S = 0.3  # of the bulk, before the first single image
APART = 4  # single images are this many times the bare loop's own latency apart
LEAST_APART_S = 0.05


@dataclass
class Rounds:
    """One workload, measured by its plan; who fails drops out, and says why."""

    workload: Workload
    plan: Plan
    place: Place
    maker: ImageMaker
    progress: Progress
    figures: dict[str, Figures] = field(default_factory=dict)
    extras: Extras = field(default_factory=Extras)
    _running: dict[str, Contestant] = field(default_factory=dict)
    _rates: dict[str, float] = field(default_factory=dict)

    def run(self, entries: Sequence[Entry]) -> None:
        """Measure the contenders that take part in the workload."""
        taking_part = [entry for entry in entries if self.workload.name in entry.workloads]
        try:
            self._start(taking_part)
            for number in range(self.plan.rounds):
                self._round(number)
            self._each("single scans, idle", self._scan_idle)
            self._each("single scans under bulk", self._scan_under_bulk)
            self._each("what only fakesweep is asked", self._ask_ours)
        finally:
            for contestant in self._running.values():
                contestant.stop()

    def _start(self, entries: Sequence[Entry]) -> None:
        """Start the ceiling alone, which converts the network for all, then the others at once."""
        for together in (entries[:1], entries[1:]):
            for entry in together:
                self.figures[entry.letter] = Figures()
                self._running[entry.letter] = Contestant(entry, self.place)
            self._each("start", lambda one: one.wait_until_ready(), entries=together)
        self._each("warm-up", self._warm_up)

    def _warm_up(self, contestant: Contestant) -> None:
        images = self._images(self.plan.warm_up)
        contestant.push(images)
        again = images if self.workload != MODEL else self._images(self.plan.warm_up)
        self._rates[contestant.entry.letter] = contestant.push(again).rate

    def _round(self, number: int) -> None:
        images = self._images(self.plan.images(max(self._rates.values())))

        def push(contestant: Contestant) -> None:
            entry = contestant.entry
            rate = self._rates[entry.letter]
            count = images.count if entry.takes_all else self.plan.images(rate)
            self.figures[entry.letter].pushes[number] = contestant.push(images.first(count))

        self._each(f"round {number + 1} of {self.plan.rounds}", push)

    def _scan_idle(self, contestant: Contestant) -> None:
        if not contestant.entry.no_idle:
            taken = contestant.scans(self._images(self.plan.idle_scans))
            self.figures[contestant.entry.letter].idle_s = taken

    def _scan_under_bulk(self, contestant: Contestant) -> None:
        figures = self.figures[contestant.entry.letter]
        if contestant.entry.no_bulk or figures.rate is None:
            return
        alone_ms = percentile_ms(self.figures["a"].idle_s, 0.5) or 0
        apart_s = max(LEAST_APART_S, APART * alone_ms / 1000)
        bulk_s = HEAD_START_S + apart_s * (self.plan.bulk_scans + 1)
        figures.bulk_s = contestant.scans_under_bulk(
            self._images(self.plan.bulk_scans),
            self._images(max(1, int(figures.rate * bulk_s))),
            apart_s=apart_s,
            head_start_s=HEAD_START_S,
        )

    def _ask_ours(self, contestant: Contestant) -> None:
        if contestant.entry.letter != "b":
            return
        cold_start_s, scaling = None, dict[int, float]()
        if self.workload == MODEL:
            cold_start_s = contestant.call("cold_start", next(iter(self._images(1))))
        for workers in self.plan.workers:
            contestant.call("run_workers", workers)
            contestant.push(self._images(self.plan.warm_up * workers))
            rate = self.figures["b"].rate or self._rates["b"]
            scaling[workers] = contestant.push(self._images(self.plan.images(rate * 2))).rate
        self.extras = Extras(cold_start_s, scaling)

    def _images(self, count: int) -> ImageSet:
        if self.workload == MODEL:
            return self.maker.write_set(count)
        return self.maker.name_set(count)

    def _each(
        self,
        what: str,
        action: Callable[[Contestant], None],
        *,
        entries: Sequence[Entry] | None = None,
    ) -> None:
        """Let each contender that still runs do it, in turn."""
        letters = [entry.letter for entry in entries] if entries else list(self._running)
        for letter in letters:
            contestant = self._running[letter]
            with self.progress.step(f"{self.workload.name}: {what}: {contestant.entry.name}"):
                try:
                    action(contestant)
                except ContestantError as error:
                    self._drop(contestant, error)

    def _drop(self, contestant: Contestant, error: ContestantError) -> None:
        self.progress.say(str(error))
        last = str(error).strip().splitlines()[-1]
        self.figures[contestant.entry.letter].failure = f"It failed in this run: {last}"
        del self._running[contestant.entry.letter]
        contestant.stop()
