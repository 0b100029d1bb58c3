"""Measures all contenders side by side: `python -m bench.side_by_side --quick`.

Same images, same weights, same threads; the rounds are interleaved, so that a slow moment of the
machine meets everybody. Medians and ratios are kept under `bench/results`.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench import machine, plot, results
from bench.entries import ENTRIES, Entry
from bench.figures import Figures
from bench.images import ImageMaker
from bench.place import Place
from bench.plan import plan_for
from bench.progress import Progress
from bench.report import Footnotes, number, targets_table, workload_table
from bench.rounds import Rounds
from bench.targets import Extras, targets
from bench.workloads import MODEL, WORKLOADS, shipped
from core.cores import usable_cores

NAME = "side-by-side"


def main() -> None:
    """Measure, print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three minutes, fewer rounds")
    parser.add_argument("--rounds", type=int, help="another number of rounds")
    parser.add_argument("--only", default="", help="letters of contenders; nothing is kept then")
    parser.add_argument("--workload", choices=WORKLOADS, help="one only; nothing is kept then")
    given = parser.parse_args()
    entries = [entry for entry in ENTRIES if entry.letter in (given.only or entry.letter)]
    workloads = [WORKLOADS[name] for name in WORKLOADS if name == (given.workload or name)]
    is_whole = not (given.only or given.workload)
    measured: list[Rounds] = []
    text = ""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nobody stays suspended
    with tempfile.TemporaryDirectory(prefix="fs-bench-") as folder, Progress() as progress:
        Path(folder).chmod(0o755)
        maker = ImageMaker(Path(folder))
        for each in workloads:
            place = Place(each.name, usable_cores(), each.batch, Path(folder))
            plan = plan_for(each, quick=given.quick, rounds=given.rounds)
            measured.append(Rounds(each, plan, place, maker, progress))
        progress.expect(sum(rounds.steps(entries) for rounds in measured))
        if MODEL in workloads:
            _convert(measured[-1].place)
        for number, rounds in enumerate(measured, start=1):
            rounds.run(entries)
            text = _report(measured[:number], entries, keep=is_whole)
    print(text)


def _convert(place: Place) -> None:
    """Have the network converted once, in a process whose memory is nobody's."""
    command = [sys.executable, "-m", "bench.contenders.convert"]
    subprocess.run(command, env=place.environment(), check=True, capture_output=True)


def _report(measured: Sequence[Rounds], entries: Sequence[Entry], *, keep: bool) -> str:
    """Return what was measured as Markdown; write it too, with JSON and the plot, if it counts."""
    found = {rounds.workload.name: rounds.figures for rounds in measured}
    aims = targets(found, _extras(measured))
    workloads = [rounds.workload for rounds in measured]
    content = {
        "model_version": shipped().id,
        "threads": usable_cores(),
        "workloads": {rounds.workload.name: _content(rounds) for rounds in measured},
        "targets": [{**asdict(aim), "is_met": aim.is_met} for aim in aims],
    }
    text = _markdown(measured, entries, found, targets_table(aims))
    if keep:
        results.keep(NAME, content, text)
        plot.draw(results.FOLDER / f"{NAME}.png", workloads, entries, found)
    return text


def _extras(measured: Sequence[Rounds]) -> Extras:
    whole = Extras()
    for each in (rounds.extras for rounds in measured):
        whole = replace(
            whole,
            cold_start_s=each.cold_start_s or whole.cold_start_s,
            scaling=each.scaling or whole.scaling,
        )
    return whole


def _content(rounds: Rounds) -> dict[str, Any]:
    contenders = {
        letter: {
            **asdict(figures),
            "rate": figures.rate,
            "cpu_us_per_image": figures.cpu_us_per_image,
            "peak_mib": figures.peak_mib,
        }
        for letter, figures in rounds.figures.items()
    }
    return {
        "batch": rounds.workload.batch,
        "plan": asdict(rounds.plan),
        "contenders": contenders,
        "extras": asdict(rounds.extras),
    }


def _markdown(
    measured: Sequence[Rounds],
    entries: Sequence[Entry],
    found: Mapping[str, Mapping[str, Figures]],
    aims: str,
) -> str:
    cores, footnotes = usable_cores(), Footnotes()
    parts = [
        f"{machine.describe()}. Model version {shipped().id}; {cores} threads for decoding and "
        f"{cores} for a forward pass, for everybody; medians of interleaved rounds.",
    ]
    for rounds in measured:
        title = f"## {rounds.workload.title}"
        how = f"{rounds.plan.rounds} rounds, at most {rounds.workload.batch} images a forward pass."
        table = workload_table(rounds.workload, entries, found[rounds.workload.name], footnotes)
        parts += [title, how, table]
        if scaling := rounds.extras.scaling:
            rates = ", ".join(f"{count}: {number(rate)}" for count, rate in scaling.items())
            parts.append(f"Images a second of fakesweep by its number of workers: {rates}.")
    parts += ["## Aims", aims, f"![The ratios and latencies as bars]({NAME}.png)"]
    return "\n\n".join([*parts, "\n".join(footnotes.lines())])


if __name__ == "__main__":
    main()
