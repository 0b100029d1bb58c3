"""The report for people: one HTML file that needs nothing else, not even a network."""

from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from training.evaluation.charts import as_pictures, attack_chart, quality_charts, robustness_charts
from training.evaluation.findings import Findings
from training.evaluation.numbers import between, listed, number, percent
from training.evaluation.rows import Evaluation, Row

TEMPLATES = Path(__file__).parent / "templates"
HEADINGS = {
    "overall": "All images",
    "dataset": "By dataset",
    "method": "By method, each with the reals of its dataset",
    "source": "By source",
    "pair": "Fakes-only datasets with reals-only ones",
}


def write_report(findings: Findings, table: pd.DataFrame, file: Path) -> None:
    """Write what was found as a page; the table of scored images gives the charts."""
    subject, evaluation = findings.subject, findings.evaluation
    calibration = evaluation.calibration
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    pages.globals.update(number=number, percent=percent, between=between, listed=listed)
    quality = quality_charts(table, calibration, is_calibrated=subject.is_calibrated)
    robustness, adversarial = findings.robustness, findings.adversarial
    content = pages.get_template("report.html").render(
        style=Markup((TEMPLATES / "report.css").read_text()),
        subject=subject,
        calibration=calibration,
        caveats=evaluation.caveats,
        overall=evaluation.rows[0],
        sections=_sections(evaluation),
        pictures=as_pictures(quality),
        robustness=robustness,
        robustness_pictures=as_pictures(robustness_charts(robustness)) if robustness else [],
        adversarial=adversarial,
        attack_pictures=as_pictures(attack_chart(adversarial)) if adversarial else [],
        errors=findings.errors,
    )
    file.write_text(content, encoding="utf-8")


def _sections(evaluation: Evaluation) -> list[tuple[str, list[Row]]]:
    """Return the rows under their headings; the only dataset is not told a second time."""
    by = {
        heading: [row for row in evaluation.rows if row.by == kind]
        for kind, heading in HEADINGS.items()
    }
    if len(evaluation.datasets) == 1:
        by.pop(HEADINGS["dataset"])
    return [(heading, rows) for heading, rows in by.items() if rows]
