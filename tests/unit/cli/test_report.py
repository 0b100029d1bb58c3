"""Verdicts as people get them: the table, the totals."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from cli.report import MAX_ROWS, read_verdicts
from client import Counters, Face, Job, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)


def verdict(position: int = 0, **changes: object) -> Verdict:
    """A verdict of a fake."""
    made = Verdict(
        position=position,
        name=f"{position}.png",
        custom_id=None,
        outcome="scored",
        label="fake",
        score=0.98765,
        code=None,
        message=None,
        sha256="ab",
        reused=False,
        model_version="m-1",
        created_at=START + timedelta(seconds=2 + position),
    )
    return replace(made, **changes)


def job(**counted: int) -> Job:
    """A completed job of ten seconds."""
    names = Counters.__dataclass_fields__
    return Job(
        id="job_1",
        kind="bulk",
        state="completed",
        model_version="m-1",
        counters=Counters(**{name: counted.get(name, 0) for name in names}),
        rate=12.5,
        eta_s=None,
        error=None,
        created_at=START,
        completed_at=START + timedelta(seconds=10),
    )


def shown(verdicts: list[Verdict], made: Job, csv_path: Path | None = None) -> str:
    """What the report prints."""
    console = Console(file=io.StringIO(), width=100)
    read_verdicts(verdicts).show(console, made, csv_path)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_is_capped_and_says_where_the_rest_is() -> None:
    """Any number of verdicts fits on a screen; the file has all of them."""
    many = [verdict(position) for position in range(MAX_ROWS + 5)]
    text = shown(many, job(scored=MAX_ROWS + 5), Path("v.csv"))
    assert f"{MAX_ROWS - 1}.png" in text
    assert f"{MAX_ROWS}.png" not in text
    assert "The first 40 of 45 verdicts;" in text
    assert "v.csv has all of them" in text
    assert "--csv FILE writes all of them" in shown(many, job(scored=MAX_ROWS + 5))


def test_the_totals_count_labels_outcomes_and_time() -> None:
    """The last lines sum up: labels, what has no score, speed, the first verdict."""
    counted = job(scored=1202, fake=2, real=1200, failed=3, reused=1)
    text = shown([verdict(0), verdict(1)], counted)
    assert "2 fake  1,200 real  0 uncertain  0 not applicable  3 failed" in text
    assert "(1 of them seen before)" in text
    assert "1,205 images in 10.0 s, 12.5 images/s while scanning;" in text
    assert "the first verdict after 2.0 s." in text


def test_the_number_of_faces_is_shown() -> None:
    """Nothing where none were looked for."""
    face = Face(box=(1, 2, 3, 4), score=0.9, detection=0.8)
    text = shown([verdict(0, faces=(face, face)), verdict(1)], job())
    assert re.search(r"0\.png +│ fake +│ +0\.988 │ +2 │", text)
    assert re.search(r"1\.png +│ fake +│ +0\.988 │ +│", text)


def test_a_failed_item_shows_its_code() -> None:
    """In place of a label the table has the outcome and why."""
    failed = verdict(outcome="failed", label=None, score=None, code="too_large")
    assert "failed: too large" in shown([failed], job())


def test_a_file_name_cannot_steer_the_terminal() -> None:
    """Escape sequences and markup of a name are shown, not obeyed."""
    text = shown([verdict(name="a\x1b[2Jb[bold]c.png")], job())
    assert "\x1b" not in text
    assert "a\N{REPLACEMENT CHARACTER}[2Jb[bold]c.png" in text
