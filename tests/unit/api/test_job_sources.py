"""Jobs over images that are elsewhere, and lists of them: checked at submission, stored whole."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.sources import ManifestSource, PrefixSource, UrlsSource, source_from_dict
from core.sources.files import list_files
from core.storage import read_bytes
from db import jobs
from tests.support.api import ApiRig, part
from tests.support.rows import add_champion

DIGEST = "ab" * 32


@pytest.fixture
def open_rig(make_rig: Callable[..., ApiRig], tmp_path: Path) -> ApiRig:
    """An application that may scan a folder and a bucket."""
    rig = make_rig(allowed_roots=[tmp_path / "faces"], allowed_prefixes=["s3://photos/2026"])
    add_champion(rig.database)
    return rig


def submit(rig: ApiRig, source: dict[str, Any], **options: object) -> dict[str, Any]:
    """Submit the source; return the job's answer."""
    answer = rig.client.post("/v1/jobs", json={"source": source, "options": options})
    assert answer.status_code == 202, answer.json
    return answer.json


def stored(rig: ApiRig, job: dict[str, Any]) -> Any:  # noqa: ANN401 - whichever source it is
    """Return the source that the job stores."""
    with rig.database.read() as session:
        return source_from_dict(jobs.get(session, job["id"]).source)


def test_a_manifest_is_named_by_its_uri(open_rig: ApiRig) -> None:
    """Its format is that of its name, unless the client says otherwise."""
    job = submit(open_rig, {"type": "manifest", "uri": "s3://photos/2026/list.csv"}, strict=True)
    source = ManifestSource(
        uri="s3://photos/2026/list.csv", name="list.csv", format="csv", strict=True
    )
    assert stored(open_rig, job) == source
    assert job["source"] == {
        "type": "manifest",
        "name": "list.csv",
        "uri": "s3://photos/2026/list.csv",
        "strict": True,
    }
    given = {"type": "manifest", "uri": "https://93.184.216.34/images.txt", "format": "csv"}
    assert stored(open_rig, submit(open_rig, given)).format == "csv"


def test_a_prefix_is_stored_as_it_is(open_rig: ApiRig) -> None:
    """The planner lists it."""
    job = submit(open_rig, {"type": "prefix", "uri": "s3://photos/2026/may"})
    assert stored(open_rig, job) == PrefixSource(uri="s3://photos/2026/may")
    assert job["source"] == {"type": "prefix", "uri": "s3://photos/2026/may"}


def test_urls_become_a_list_in_storage(open_rig: ApiRig) -> None:
    """Named by the last segment of their path; ids and digests stay with them."""
    job = submit(
        open_rig,
        {
            "type": "urls",
            "urls": [
                "https://example.org/a/face%20one.jpg?size=2",
                {"uri": "https://example.org", "custom_id": "no-7", "sha256": DIGEST},
            ],
        },
    )
    source = stored(open_rig, job)
    assert isinstance(source, UrlsSource)
    first, second = list_files(source.uri)
    assert (first.uri, first.name) == (
        "https://example.org/a/face%20one.jpg?size=2",
        "face one.jpg",
    )
    assert (second.name, second.custom_id, second.sha256) == (
        "https://example.org",
        "no-7",
        DIGEST,
    )
    assert job["source"] == {"type": "urls"}
    assert open_rig.kept() == [f"uploads/{job['id']}/items.jsonl"]


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ({"type": "prefix", "uri": "s3://photos/2025"}, "source.uri"),
        ({"type": "prefix", "uri": "s3://photos/2026/../2025"}, "source.uri"),
        ({"type": "prefix", "uri": "https://example.org/a"}, "source.uri"),
        ({"type": "prefix", "uri": "s3://[/"}, "source.uri"),
        ({"type": "prefix"}, "source.uri"),
        ({"type": "prefix", "uri": "s3://photos/2026", "x": 1}, "source.x"),
        ({"type": "manifest", "uri": "file:///etc/passwd"}, "source.uri"),
        ({"type": "manifest", "uri": "file://["}, "source.uri"),
        ({"type": "manifest", "uri": "list.jsonl"}, "source.uri"),
        ({"type": "manifest", "uri": "https://127.0.0.1/list.jsonl"}, "source.uri"),
        ({"type": "manifest", "uri": "s3://photos/2026/a", "format": "xml"}, "source.format"),
        ({"type": "urls", "urls": []}, "source.urls"),
        ({"type": "urls", "urls": ["https://a.org"] * 10_001}, "source.urls"),
        ({"type": "urls", "urls": ["https://a.org", "http://a.org"]}, "source.urls.1.uri"),
        ({"type": "urls", "urls": ["https://[::1]/a"]}, "source.urls.0.uri"),
        ({"type": "urls", "urls": ["https://10.0.0.1/a"]}, "source.urls.0.uri"),
        ({"type": "urls", "urls": ["https://169.254.169.254/"]}, "source.urls.0.uri"),
        ({"type": "urls", "urls": ["https://["]}, "source.urls.0.uri"),
        ({"type": "urls", "urls": ["s3://photos/2026/a.jpg"]}, "source.urls.0.uri"),
        ({"type": "urls", "urls": [7]}, "source.urls.0"),
        ({"type": "urls", "urls": [{"uri": "https://a.org", "id": 1}]}, "source.urls.0.id"),
        ({"type": "files", "uri": "file:///etc/passwd"}, "source"),
        ({"type": "ftp"}, "source"),
        ({"path": "/faces"}, "source"),
    ],
)
def test_a_source_that_is_not_allowed_is_refused_by_its_field(
    open_rig: ApiRig, source: dict[str, Any], field: str
) -> None:
    """What can be seen without asking anybody is said at once, and nothing is kept."""
    answer = open_rig.client.post("/v1/jobs", json={"source": source})
    assert answer.status_code == 422, answer.json
    assert answer.json["errors"][0]["field"] == field
    assert (open_rig.kept(), open_rig.queue.messages) == ([], [])


def test_what_this_installation_keeps_cannot_be_named(make_rig: Callable[..., ApiRig]) -> None:
    """Not even where an allowed root contains the storage."""
    rig = make_rig()
    add_champion(rig.database)
    rig = make_rig(allowed_roots=[rig.settings.data_dir])
    uri = rig.storage.uri("uploads/job_1/list.jsonl")
    answer = rig.client.post("/v1/jobs", json={"source": {"type": "manifest", "uri": uri}})
    assert answer.status_code == 422


def test_many_wrong_fields_are_not_all_listed(open_rig: ApiRig) -> None:
    """The answer stays small, whatever was sent."""
    body = {"source": {"type": "urls", "urls": [7] * 5000}}
    answer = open_rig.client.post("/v1/jobs", json=body)
    assert (answer.status_code, len(answer.json["errors"])) == (422, 20)


def test_a_manifest_can_be_uploaded(rig: ApiRig) -> None:
    """It is kept as it came, and its name says what it is."""
    lines = b'{"uri": "https://example.org/a.jpg"}\n'
    parts = {"manifest": part("list.jsonl", lines), "options": '{"strict": true}'}
    job = rig.client.post("/v1/jobs", data=parts).json
    source = stored(rig, job)
    assert isinstance(source, ManifestSource)
    assert (source.name, source.format, source.strict) == ("list.jsonl", "jsonl", True)
    assert read_bytes(source.uri, max_bytes=1000) == lines
    assert job["source"] == {"type": "manifest", "name": "list.jsonl", "strict": True}
    csv = rig.client.post("/v1/jobs", data={"manifest": part("List.CSV", b"uri\n")}).json
    assert stored(rig, csv).format == "csv"


def test_the_format_of_an_uploaded_manifest_can_be_given(rig: ApiRig) -> None:
    """It outranks the name; another one, or one of something else, is refused."""
    parts = {"manifest": part("list.txt", b"uri\n"), "format": "csv"}
    assert stored(rig, rig.client.post("/v1/jobs", data=parts).json).format == "csv"
    kept = rig.kept()
    for wrong in (
        {"manifest": part("list.txt", b"uri\n"), "format": "xml"},
        {"archive": part("list.zip"), "format": "csv"},
    ):
        answer = rig.client.post("/v1/jobs", data=wrong)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "format")
    assert rig.kept() == kept


def test_uploaded_files_keep_what_the_client_knows_of_them(rig: ApiRig) -> None:
    """The ids come back with the verdicts, in the order of the files."""
    files = [part("a.png"), part("b.png")]
    items = json.dumps([{"custom_id": "no-1", "sha256": DIGEST}, {}])
    job = rig.client.post("/v1/jobs", data={"files": files, "items": items}).json
    first, second = list_files(stored(rig, job).uri)
    assert (first.custom_id, first.sha256) == ("no-1", DIGEST)
    assert (second.custom_id, second.sha256) == (None, None)


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([{}, {}], "items"),
        ({"custom_id": "x"}, "items"),
        ([{"custom_id": ""}], "items.0.custom_id"),
        ([{"custom_id": "x" * 256}], "items.0.custom_id"),
        ([{"custom_id": "a\nb"}], "items.0.custom_id"),
        ([{"sha256": "abc"}], "items.0.sha256"),
        ([{"name": "x"}], "items.0.name"),
    ],
)
def test_items_that_do_not_fit_the_files_are_refused(
    rig: ApiRig, items: object, field: str
) -> None:
    """One each, with known fields."""
    parts = {"files": part("a.png"), "items": json.dumps(items)}
    answer = rig.client.post("/v1/jobs", data=parts)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert rig.kept() == []
