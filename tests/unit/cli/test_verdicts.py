"""Verdicts as people get them: the CSV file, the table, the totals."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from cli.report import MAX_ROWS, read_verdicts
from cli.verdict_csv import verdict_file
from client import Counters, Job, Verdict

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
    read_verdicts(verdicts, csv_path).show(console, made, csv_path)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("name", ["=1+1.png", "+x", "-x", "@SUM(A1)", "\tx", "\rx", "|x"])
def test_a_name_cannot_become_a_formula(name: str, tmp_path: Path) -> None:
    """What a spreadsheet would run gets a quote before it; numbers stay numbers."""
    with verdict_file(tmp_path / "v.csv") as file:
        file.add(verdict(name=name, score=0.5))
    with (tmp_path / "v.csv").open(newline="") as stream:
        row = next(csv.DictReader(stream))
    assert row["name"] == f"'{name}"
    assert row["score"] == "0.5"


def test_the_file_holds_every_column(tmp_path: Path) -> None:
    """A failed item has its code and sentence, and empty cells for the rest."""
    failed = verdict(
        outcome="failed", label=None, score=None, code="undecodable", message="No, so."
    )
    with verdict_file(tmp_path / "v.csv") as file:
        file.add(failed)
    assert (tmp_path / "v.csv").read_text().splitlines() == [
        "position,name,outcome,label,score,code,message,sha256,model_version",
        '0,0.png,failed,,,undecodable,"No, so.",ab,m-1',
    ]


def test_an_unfinished_file_never_replaces_a_whole_one(tmp_path: Path) -> None:
    """An interruption leaves the file of the time before, and no other."""
    (tmp_path / "v.csv").write_text("old")

    def verdicts() -> Iterator[Verdict]:
        yield verdict()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_verdicts(verdicts(), tmp_path / "v.csv")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("v.csv", "old")]


def test_the_table_is_capped_and_says_where_the_rest_is(tmp_path: Path) -> None:
    """Any number of verdicts fits on a screen; the file has all of them."""
    many = [verdict(position) for position in range(MAX_ROWS + 5)]
    text = shown(many, job(fake=MAX_ROWS + 5), tmp_path / "v.csv")
    assert f"{MAX_ROWS - 1}.png" in text
    assert f"{MAX_ROWS}.png" not in text
    assert "The first 40 of 45 verdicts;" in text
    assert "v.csv has all of them" in text
    assert len((tmp_path / "v.csv").read_text().splitlines()) == MAX_ROWS + 6
    assert "--csv FILE writes all of them" in shown(many, job())


def test_the_totals_count_labels_outcomes_and_time() -> None:
    """The last lines sum up: labels, what has no score, speed, the first verdict."""
    text = shown([verdict(0), verdict(1)], job(fake=2, real=1200, failed=3, reused=1))
    assert "2 fake  1,200 real  0 uncertain  0 not applicable  3 failed" in text
    assert "(1 of them seen before)" in text
    assert (
        "2 images in 10.0 s, 12.5 images/s while scanning; the first verdict after 2.0 s." in text
    )


def test_a_failed_item_shows_its_code() -> None:
    """In place of a label the table has the outcome and why."""
    failed = verdict(outcome="failed", label=None, score=None, code="too_large")
    assert "failed: too large" in shown([failed], job())


def test_a_file_name_cannot_steer_the_terminal() -> None:
    """Escape sequences and markup of a name are shown, not obeyed."""
    text = shown([verdict(name="a\x1b[2Jb[bold]c.png")], job())
    assert "\x1b" not in text
    assert "a\N{REPLACEMENT CHARACTER}[2Jb[bold]c.png" in text
