"""What a scan ends with: a table of the first verdicts, and the totals."""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain, islice
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.text import plain
from client import Job, Verdict

MAX_ROWS = 40
MAX_READ = 1000  # the earliest verdict is among the first shards
LABEL_STYLES = {"fake": "bold red", "real": "green", "uncertain": "yellow"}


class Report:
    """Shows the first verdicts of a job; holds no more than it shows."""

    def __init__(self) -> None:
        self._table = Table("image", "label", "score", "faces")
        self._table.columns[0].overflow = "fold"
        self._table.columns[2].justify = self._table.columns[3].justify = "right"
        self._first_at: datetime | None = None

    def add(self, verdict: Verdict) -> None:
        """Show the verdict if it is among the first."""
        if self._table.row_count < MAX_ROWS:
            self._table.add_row(plain(verdict.name), *ending(verdict), faces_of(verdict))
        if self._first_at is None or verdict.created_at < self._first_at:
            self._first_at = verdict.created_at

    def show(self, console: Console, job: Job, csv: Path | None) -> None:
        """Print the table, where the rest is, and the totals."""
        if self._table.row_count:
            console.print(self._table)
        if job.counters.ended > MAX_ROWS:
            rest = f"{csv} has all of them" if csv else "--csv FILE writes all of them"
            _say(console, f"The first {MAX_ROWS} of {job.counters.ended:,} verdicts; {rest}.")
        console.print(_totals(job), soft_wrap=True)
        if speed := self._speed(job):
            _say(console, speed)

    def _speed(self, job: Job) -> str:
        if self._first_at is None or job.completed_at is None:
            return ""
        took_s = (job.completed_at - job.created_at).total_seconds()
        first_s = max(0.0, (self._first_at - job.created_at).total_seconds())
        rate = f", {job.rate:.1f} images/s while scanning" if job.rate else ""
        return (
            f"{job.counters.ended:,} images in {took_s:.1f} s{rate}; "
            f"the first verdict after {first_s:.1f} s."
        )


def read_verdicts(verdicts: Iterable[Verdict]) -> Report:
    """Pass the first verdicts into a report."""
    report = Report()
    for verdict in islice(verdicts, MAX_READ):
        report.add(verdict)
    return report


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, markup=False, soft_wrap=True)


def ending(verdict: Verdict) -> tuple[Text, str]:
    """Return the label and the score as a table shows them, or why there are none."""
    if verdict.label is None or verdict.score is None:
        code = f"{verdict.outcome}: {verdict.code}".replace("_", " ")
        return Text(code, style="dim"), ""
    return Text(verdict.label, style=LABEL_STYLES.get(verdict.label, "")), f"{verdict.score:.3f}"


def faces_of(verdict: Verdict) -> str:
    """Return how many faces were found as a table shows it: empty when none were looked for."""
    return "" if verdict.faces is None else str(len(verdict.faces))


def _totals(job: Job) -> Text:
    counters = job.counters
    labels = {name: getattr(counters, name) for name in LABEL_STYLES}
    others = {"not applicable": counters.not_applicable, "failed": counters.failed}
    parts = [
        Text(f"{number:,} {name}", style=LABEL_STYLES.get(name, "") if number else "dim")
        for name, number in chain(labels.items(), others.items())
    ]
    if counters.reused:
        parts.append(Text(f"({counters.reused:,} of them seen before)", style="dim"))
    return Text("  ").join(parts)
