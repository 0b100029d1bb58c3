"""Turns what was measured into Markdown: ratios first, a footnote for each figure not to be had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.entries import Entry
from bench.figures import Figures, percentile_ms, ratio
from bench.targets import Target
from bench.workloads import STAND_IN, Workload

DASH = "-"
HEADINGS = (
    "",
    "ratio to (a)",
    "images/s",
    "images a round",
    "idle p50 / p95, ms",
    "under bulk p50 / p95, ms",
    "peak memory, MiB",
    "control plane, us an image",
)
NO_CONTROL = "Beside the model's own processor time an image, the rest is below what can be told."
NO_QUEUE = "What the loop itself costs; it hands nothing over to anybody."
NOT_MEASURED = "Not measured in this run."


@dataclass
class Footnotes:
    """Sentences with numbers; the same sentence keeps its number."""

    sentences: list[str] = field(default_factory=list)

    def mark(self, sentence: str) -> str:
        """Return the mark of a sentence."""
        if sentence not in self.sentences:
            self.sentences.append(sentence)
        return f"[{self.sentences.index(sentence) + 1}]"

    def missing(self, sentence: str) -> str:
        """Return a dash with the mark of the reason."""
        return f"{DASH} {self.mark(sentence)}"

    def lines(self) -> list[str]:
        """Return the sentences by their numbers."""
        return [f"[{number}] {each}  " for number, each in enumerate(self.sentences, start=1)]


def workload_table(
    workload: Workload,
    entries: Sequence[Entry],
    found: Mapping[str, Figures],
    footnotes: Footnotes,
) -> str:
    """Return the table of one workload."""
    rows = [_row(workload, entry, found, footnotes) for entry in entries]
    return _table(HEADINGS, rows)


def targets_table(found: Sequence[Target]) -> str:
    """Return the aims beside what was measured."""
    rows = []
    for target in found:
        sign = "at least" if target.at_least else "at most"
        measured = DASH if target.measured is None else f"{number(target.measured)} {target.unit}"
        verdict = {True: "reached", False: "missed", None: "not measured"}[target.is_met]
        rows.append((target.what, measured, f"{sign} {target.aim:g} {target.unit}", verdict))
    return _table(("fakesweep", "measured", "aim", ""), rows)


def number(value: float) -> str:
    """Return a number with about three digits that count."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"


def _row(
    workload: Workload, entry: Entry, found: Mapping[str, Figures], footnotes: Footnotes
) -> tuple[str, ...]:
    name = f"({entry.letter}) {entry.name}"
    if workload.name not in entry.workloads:
        return (name, *[footnotes.missing(entry.no_stand_in)] * (len(HEADINGS) - 1))
    figures = found.get(entry.letter, Figures(failure=NOT_MEASURED))
    lost = figures.failure or NOT_MEASURED
    name += f" {footnotes.mark(entry.remark)}" if entry.remark else ""

    def shown(value: float | None) -> str:
        return footnotes.missing(lost) if value is None else number(value)

    def latencies(taken_s: Sequence[float], reason: str) -> str:
        p50, p95 = percentile_ms(taken_s, 0.5), percentile_ms(taken_s, 0.95)
        if p50 is None or p95 is None:
            return footnotes.missing(reason or lost)
        return f"{number(p50)} / {number(p95)} (n={len(taken_s)})"

    def control_plane() -> str:
        if workload != STAND_IN:
            return footnotes.missing(NO_CONTROL)
        noted = f" {footnotes.mark(NO_QUEUE)}" if entry.is_ceiling else ""
        return shown(figures.cpu_us_per_image) + noted

    images = figures.images
    return (
        name,
        shown(ratio(figures, found["a"]) if "a" in found else None),
        shown(figures.rate),
        footnotes.missing(lost) if images is None else f"{images:,}",
        latencies(figures.idle_s, entry.no_idle),
        latencies(figures.bulk_s, entry.no_bulk),
        shown(figures.peak_mib),
        control_plane(),
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
