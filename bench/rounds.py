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
LEAST_APART_S = 0.15  # a single scan is no load of its own


@dataclass(frozen=True)
class Phase:
    """Something that each contender which it concerns does in its turn."""

    title: str
    action: Callable[[Contestant], None]
    concerns: Callable[[Entry], bool] = lambda _entry: True


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
    _sets: dict[int, ImageSet] = field(default_factory=dict)

    def steps(self, entries: Sequence[Entry]) -> int:
        """Return how many steps of the progress `run` takes."""
        some = self._taking_part(entries)
        return len(some) + sum(sum(map(phase.concerns, some)) for phase in self._phases())

    def run(self, entries: Sequence[Entry]) -> None:
        """Measure the contenders that take part in the workload."""
        try:
            self._start(self._taking_part(entries))
            for phase in self._phases():
                for letter, contestant in list(self._running.items()):
                    if phase.concerns(contestant.entry):
                        self._step(letter, phase.title, phase.action)
        finally:
            for contestant in self._running.values():
                contestant.say_stop()
            for contestant in self._running.values():
                contestant.stop()

    def _taking_part(self, entries: Sequence[Entry]) -> list[Entry]:
        return [entry for entry in entries if self.workload.name in entry.workloads]

    def _phases(self) -> list[Phase]:
        count = self.plan.rounds
        rounds = [
            Phase(f"round {number} of {count}", self._push_for(number))
            for number in range(1, count + 1)
        ]
        return [
            Phase("warm-up", self._warm_up),
            *rounds,
            Phase("single scans, idle", self._scan_idle, lambda one: not one.no_idle),
            Phase("single scans under bulk", self._scan_under_bulk, lambda one: not one.no_bulk),
            Phase("what only it is asked", self._ask_ours, lambda one: one.letter == "b"),
        ]

    def _start(self, entries: Sequence[Entry]) -> None:
        """Start everybody at once; who is ready is suspended until the first turn."""
        for entry in entries:
            self.figures[entry.letter] = Figures()
            self._running[entry.letter] = Contestant(entry, self.place)
        for entry in entries:
            self._step(entry.letter, "start", lambda one: one.wait_until_ready())

    def _warm_up(self, contestant: Contestant) -> None:
        contestant.push(self._images(self.plan.warm_up))
        if not contestant.entry.takes_all:
            again = contestant.push(self._images(self.plan.warm_up))
            self._rates[contestant.entry.letter] = again.rate

    def _push_for(self, number: int) -> Callable[[Contestant], None]:
        """Return the push of a round: everybody gets the same images, or the first of them."""

        def push(contestant: Contestant) -> None:
            entry = contestant.entry
            images = self._of_round(number)
            if not entry.takes_all:
                images = images.first(self.plan.images(self._rates[entry.letter]))
            self.figures[entry.letter].pushes[number] = contestant.push(images)

        return push

    def _of_round(self, number: int) -> ImageSet:
        if number not in self._sets:
            self._sets[number] = self._images(self.plan.images(max(self._rates.values())))
        return self._sets[number]

    def _scan_idle(self, contestant: Contestant) -> None:
        taken = contestant.scans(self._images(self.plan.idle_scans))
        self.figures[contestant.entry.letter].idle_s = taken

    def _scan_under_bulk(self, contestant: Contestant) -> None:
        figures = self.figures[contestant.entry.letter]
        assert figures.rate is not None, "Whoever has no round has dropped out."
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
        cold_start_s = None
        if self.workload == MODEL:
            cold_start_s = contestant.call("cold_start", next(iter(self._images(1))))
        rate = self.figures[contestant.entry.letter].rate or 0
        scaling = {1: rate} if self.plan.workers else {}
        for workers in self.plan.workers:
            contestant.call("run_workers", workers)
            contestant.push(self._images(self.plan.warm_up * workers))
            scaling[workers] = contestant.push(self._images(self.plan.images(2 * rate))).rate
        self.extras = Extras(cold_start_s, scaling)

    def _images(self, count: int) -> ImageSet:
        if self.workload == MODEL:
            return self.maker.write_set(count)
        return self.maker.name_set(count)

    def _step(self, letter: str, what: str, action: Callable[[Contestant], None]) -> None:
        """Let a contender do it while all others are suspended."""
        contestant = self._running[letter]
        with self.progress.step(f"{self.workload.name}: {what}: {contestant.entry.name}"):
            try:
                with contestant.turn():
                    action(contestant)
            except ContestantError as error:
                self._drop(contestant, error)

    def _drop(self, contestant: Contestant, error: ContestantError) -> None:
        self.progress.say(str(error))
        last = str(error).strip().splitlines()[-1]
        self.figures[contestant.entry.letter].failure = f"It failed in this run: {last}"
        del self._running[contestant.entry.letter]
        contestant.stop()
