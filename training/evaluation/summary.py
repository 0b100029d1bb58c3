"""What `train evaluate` tells a person on the terminal."""

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from training.evaluation.adversarial import Adversarial
from training.evaluation.findings import Findings
from training.evaluation.levels import Level
from training.evaluation.numbers import between, listed, number, percent
from training.evaluation.perturbations import Perturbation
from training.evaluation.robustness import Robustness

TOLD = (("jpeg", 50, ""), ("resize", 0.5, "bicubic"), ("screenshot", 2, ""))


def summarize_evaluation(findings: Findings, out: Path | None) -> None:
    """Print each row, what to mind, and where the rest is written."""
    console = Console()
    console.print(_table(findings))
    console.print("Found: of the fakes. Flagged: of the reals. Both at the threshold.")
    unscored = findings.evaluation.rows[0].unscored
    if unscored:
        console.print(f"Without a score: {listed(unscored)}.")
    for caveat in findings.evaluation.caveats:
        console.print(f"Take care: {caveat}")
    if findings.robustness:
        for sentence in _robustness(findings.robustness):
            console.print(sentence)
    if findings.adversarial:
        for sentence in _adversarial(findings.adversarial):
            console.print(sentence)
    if out:
        console.print(f"Written to {out}: report.html for people, evaluation.json for programs.")


def _table(findings: Findings) -> Table:
    subject = findings.subject
    scored = "faces" if subject.faces == "on" else "whole images"
    table = Table(
        title=f"{subject.model}, scoring {scored}",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("images", overflow="fold")
    for heading in ("real", "fake", "AUC", "95 %", "EER", "found", "flagged", "F1"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in findings.evaluation.rows:
        one = row.measurement
        table.add_row(
            row.name if row.level is Level.IMAGE else f"{row.name} ({row.level})",
            f"{one.n_real:,}",
            f"{one.n_fake:,}",
            number(one.auc),
            between(one.intervals.get("auc")),
            percent(one.equal_error_rate),
            percent(one.recall),
            percent(one.false_fake_rate),
            number(one.f1),
        )
    return table


def _robustness(found: Robustness) -> list[str]:
    points = {point.perturbation: point for point in found.points if point.name == "all"}
    plain = points[None].measurement
    sentences = [
        f"On {found.n:,} images as they are: AUC {number(plain.auc)}, "
        f"{percent(plain.false_fake_rate)} of the reals flagged."
    ]
    for told in TOLD:
        one = points[Perturbation(*told)]
        sentences.append(
            f"- after {one.perturbation}: AUC {number(one.measurement.auc)}, "
            f"{percent(one.measurement.false_fake_rate)} of the reals flagged."
        )
    return sentences


def _adversarial(found: Adversarial) -> list[str]:
    plain = [point for point in found.points if point.name == "all" and not point.undoing]
    return [
        f"{one.attack.method or 'No attack'}"
        + (f" of {one.attack.epsilon} / 255 by {one.attack.by}" if one.attack.method else "")
        + f": {percent(one.measurement.recall)} of the fakes found, "
        f"{percent(one.measurement.false_fake_rate)} of the reals flagged."
        for one in plain
    ]
