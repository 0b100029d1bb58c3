"""Exports: the verdicts of a job as one file."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from api.exports import pages
from api.exports.csv_file import COLUMNS, write_csv
from api.schemas import VerdictView
from core.errors import NotFoundError
from core.terms import ExportFormat
from db import jobs
from db.clock import database_time
from db.models import Job
from tests.support.api import ApiRig, part
from tests.support.pretend_worker import FACE

NAMES = ["fake.png", "b.png", "broken.png", "tree.png", "unsure.png", "=fake-2.png"]


@pytest.fixture
def job_id(rig: ApiRig) -> str:
    """A finished job with a verdict of every kind."""
    answer = rig.client.post("/v1/jobs", data={"files": [part(name) for name in NAMES]})
    rig.worker.run(answer.json["id"], shard_size=2)
    return answer.json["id"]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of four verdicts, so that a small job has several."""
    monkeypatch.setattr(pages, "PAGE_SIZE", 4)


def exported(rig: ApiRig, job_id: str, query: str = "") -> bytes:
    """Return the file."""
    answer = rig.client.get(f"/v1/jobs/{job_id}/export?{query}")
    assert answer.status_code == 200
    return answer.data


def read_csv(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))


def read_jsonl(content: bytes) -> list[dict[str, Any]]:
    """Return the objects of a JSONL file."""
    return [json.loads(line) for line in content.splitlines()]


def read_parquet(content: bytes) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file."""
    return pq.read_table(io.BytesIO(content)).to_pylist()


READERS: dict[ExportFormat, Callable[[bytes], list[dict[str, Any]]]] = {
    ExportFormat.CSV: read_csv,
    ExportFormat.JSONL: read_jsonl,
    ExportFormat.PARQUET: read_parquet,
}


def view(**changes: object) -> VerdictView:
    """Return a verdict that failed."""
    given = {
        **dict.fromkeys(VerdictView.model_fields),
        "id": "job_0-0",
        "position": 0,
        "name": "a.png",
        "outcome": "failed",
        "reused": False,
        "model_version": "m-1",
        "created_at": "2026-01-02T03:04:05Z",
    }
    return VerdictView.model_validate({**given, **changes})


def cells(**changes: object) -> dict[str, str]:
    """Return the only row of a CSV file with the verdict."""
    [row] = read_csv(b"".join(write_csv(iter([[view(**changes)]]))))
    return row


@pytest.mark.parametrize("kind", ExportFormat)
def test_every_verdict_is_there_once_and_in_order(
    rig: ApiRig, job_id: str, kind: ExportFormat
) -> None:
    """Across pages, in submission order."""
    rows = READERS[kind](exported(rig, job_id, f"format={kind}"))
    assert [int(row["position"]) for row in rows] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("kind", ExportFormat)
def test_every_format_has_the_columns_of_the_list(
    rig: ApiRig, job_id: str, kind: ExportFormat
) -> None:
    """What the list of verdicts shows, by the same names."""
    listed = rig.client.get(f"/v1/jobs/{job_id}/verdicts").json["verdicts"]
    rows = READERS[kind](exported(rig, job_id, f"format={kind}"))
    assert list(rows[0]) == list(listed[0])


def test_jsonl_is_the_list_line_by_line(rig: ApiRig, job_id: str) -> None:
    """A program that reads the one reads the other."""
    listed = rig.client.get(f"/v1/jobs/{job_id}/verdicts").json["verdicts"]
    assert read_jsonl(exported(rig, job_id, "format=jsonl")) == listed


def test_parquet_columns_are_typed(rig: ApiRig, job_id: str) -> None:
    """Numbers, truth values and times are such; what is missing is null."""
    rows = read_parquet(exported(rig, job_id, "format=parquet"))
    assert (rows[0]["score"], rows[0]["reused"], rows[0]["width"]) == (0.97, False, 256)
    assert rows[0]["sha256"] == "0" * 64
    assert rows[0]["created_at"].tzinfo is not None
    assert (rows[2]["code"], rows[2]["score"], rows[2]["label"]) == ("undecodable", None, None)


@pytest.mark.parametrize("kind", ExportFormat)
@pytest.mark.parametrize(
    ("query", "positions"),
    [("label=fake", [0, 5]), ("outcome=failed", [2]), ("label=real&outcome=failed", [])],
)
def test_verdicts_are_filtered(
    rig: ApiRig, job_id: str, kind: ExportFormat, query: str, positions: list[int]
) -> None:
    """By label, by outcome, or by both; a file without rows is a whole file."""
    rows = READERS[kind](exported(rig, job_id, f"format={kind}&{query}"))
    assert [int(row["position"]) for row in rows] == positions


@pytest.mark.parametrize("kind", ExportFormat)
def test_faces_are_in_every_format(rig: ApiRig, kind: ExportFormat) -> None:
    """As JSON in tables, and nothing where none were looked for."""
    answer = rig.client.post("/v1/jobs", data={"files": [part("group.png"), part("b.png")]})
    rig.worker.run(answer.json["id"])
    group, whole = READERS[kind](exported(rig, answer.json["id"], f"format={kind}"))
    faces = group["faces"] if kind is ExportFormat.JSONL else json.loads(group["faces"])
    assert [face["score"] for face in faces] == [0.03, None]
    assert not whole["faces"]


def test_a_running_job_is_exported_as_far_as_it_is(rig: ApiRig) -> None:
    """No verdict is waited for."""
    answer = rig.client.post("/v1/jobs", data={"files": [part(name) for name in NAMES]})
    public_id = answer.json["id"]
    rig.worker.plan(public_id, shard_size=2)
    rig.worker.finish(rig.worker.waiting(public_id)[1])
    rows = read_csv(exported(rig, public_id))
    assert [row["position"] for row in rows] == ["2", "3"]


@pytest.mark.parametrize(
    ("query", "media_type"),
    [
        ("", "text/csv; charset=utf-8; header=present"),
        ("format=jsonl", "application/jsonl"),
        ("format=parquet", "application/vnd.apache.parquet"),
    ],
)
def test_the_answer_names_its_type_and_a_file(
    rig: ApiRig, job_id: str, query: str, media_type: str
) -> None:
    """A browser saves it under the job's id; CSV when nothing is asked for."""
    answer = rig.client.get(f"/v1/jobs/{job_id}/export?{query}")
    extension = query.partition("=")[2] or "csv"
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{job_id}.{extension}"'


def test_what_makes_no_sense_is_refused(rig: ApiRig, job_id: str) -> None:
    """An unknown format names the field; a job that is not there is not found."""
    answer = rig.client.get(f"/v1/jobs/{job_id}/export?format=xls")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "format")
    assert rig.client.get(f"/v1/jobs/job_{'0' * 32}/export").status_code == 404


def test_a_job_deleted_meanwhile_breaks_the_file_off(rig: ApiRig, job_id: str) -> None:
    """A file that lacks rows must not look whole."""
    with rig.database.read() as session:
        row_id = jobs.get(session, job_id).id
    read = pages.read_pages(rig.database, pages.Selection(job_id=row_id))
    assert len(next(read)) == 4
    with rig.database.write() as session:
        session.execute(update(Job).values(deleted_at=database_time()))
    with pytest.raises(NotFoundError):
        next(read)


def test_so_many_streams_are_open_at_a_time(make_rig: Callable[..., ApiRig], rig: ApiRig) -> None:
    """One more is told when to come again; a client that goes away makes room."""
    rig = make_rig(max_streams=1)
    public_id = rig.client.post("/v1/jobs", data={"files": [part("a.png")]}).json["id"]
    path = f"/v1/jobs/{public_id}/export"
    opened = rig.client.get(path, buffered=False)
    refused = rig.client.get(path)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "FAKESWEEP_MAX_STREAMS" in refused.json["detail"]
    opened.close()
    assert rig.client.get(path).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        *("=1+1", "+x", "-x", "@SUM(A1)", "|x", "%x", "\tx", "\rx", "\nx"),
        *("  =1", "\u00a0=1", '"=1', "'=1", "\ufeff=1", "\u200b=1", "\0=1"),
        *("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x", "\ufe661", "\u22121"),
    ],
)
def test_a_name_cannot_become_a_formula(name: str) -> None:
    """What a spreadsheet would run gets a quote before it, also behind what it would drop."""
    assert cells(name=name)["name"] == f"'{name}"


@pytest.mark.parametrize("field", ["name", "custom_id", "message"])
def test_every_text_is_made_safe(field: str) -> None:
    """Whatever came from outside."""
    assert cells(**{field: "=1"})[field] == "'=1"


def test_a_cell_that_another_country_splits_is_safe() -> None:
    """With semicolons or tabs between cells, the second half begins a cell."""
    assert cells(name="a;=1+1")["name"] == "a;'=1+1"
    assert cells(name="a\t@x\n +y")["name"] == "a\t'@x\n' +y"


@pytest.mark.parametrize(
    "name", ["a=b.png", "2+2.png", "x-y.png", "a@b", "a;b", "'a'", "\U0001f600"]
)
def test_other_names_stay_as_they_are(name: str) -> None:
    """A sign inside a name runs nothing."""
    assert cells(name=name)["name"] == name


def test_numbers_times_and_truth_values_are_plain() -> None:
    """Only text is quoted against formulas; faces are JSON, what is missing is empty."""
    row = cells(score=0.5, width=3, faces=[FACE], sha256="ab")
    assert (row["score"], row["width"], row["reused"]) == ("0.5", "3", "false")
    assert (json.loads(row["faces"]), row["label"]) == ([FACE], "")
    assert row["created_at"] == "2026-01-02T03:04:05Z"


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text("=+-@;,\"'\t\r\n a"))
def test_any_text_survives_and_begins_no_formula(name: str, message: str) -> None:
    """Rows stay whole, and nothing but quotes was added."""
    row = cells(name=name, message=message)
    assert list(row) == list(COLUMNS)
    for field, text in {"name": name, "message": message}.items():
        assert row[field].replace("'", "") == text.replace("'", "")
        assert row[field][:1] not in tuple("=+-@|\t\r\n")


def test_lines_end_as_rfc_4180_says() -> None:
    """Carriage return and line feed; quotes inside a cell are doubled."""

    def one() -> Iterator[list[VerdictView]]:
        yield [view(name='say "x", y')]

    line = b"".join(write_csv(one())).split(b"\r\n")[1]
    assert line.startswith(b'job_0-0,0,"say ""x"", y",,failed,')
