"""`fakesweep jobs submit --files`: lists of files, with what is known of each."""

import json
from pathlib import Path

import pytest

from tests.support.api import ApiRig, png
from tests.unit.cli.conftest import printed, run, submitted


def test_a_list_of_files_gives_them_ids_and_digests(
    rig: ApiRig, faces: Path, tmp_path: Path
) -> None:
    """As CSV or JSONL; a path counts from where the list lies, and names the item."""
    outside = tmp_path / "outside.png"
    outside.write_bytes(png())
    digest = "ab" * 32
    table = faces.parent / "list.csv"
    table.write_text(
        f'\ufefffile,note,custom_id,sha256\n"faces/a.png",x, no-1 ,{digest}\n{outside},,,\n',
        encoding="utf-8",
    )
    lines = faces.parent / "list.jsonl"
    rows = [
        {"file": "faces/a.png", "note": 1, "custom_id": "no-1", "sha256": digest},
        {"file": str(outside), "custom_id": None},
    ]
    lines.write_text("\n\n".join(json.dumps(row) for row in rows))
    for path in (table, lines):
        job_id = submitted("--files", str(path))
        rig.worker.run(job_id)
        found = rig.client.get(f"/v1/jobs/{job_id}/verdicts").json["verdicts"]
        assert [(verdict["name"], verdict["custom_id"]) for verdict in found] == [
            ("faces/a.png", "no-1"),
            ("outside.png", None),
        ]


def test_a_list_of_files_may_be_piped(
    rig: ApiRig, faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths count from the current folder then, and the format is said, or JSONL."""
    monkeypatch.chdir(faces)
    for stdin, options in (
        ('{"file": "a.png", "custom_id": "7"}\n', ()),
        ("file,custom_id\na.png,7\n", ("--format", "csv")),
    ):
        (job_id,) = printed(run("submit", "--files", "-", *options, stdin=stdin))
        rig.worker.run(job_id)
        (verdict,) = rig.client.get(f"/v1/jobs/{job_id}/verdicts").json["verdicts"]
        assert (verdict["name"], verdict["custom_id"]) == ("a.png", "7")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("list.csv", "path,custom_id\na.png,7\n", "must name its columns"),
        ("list.csv", "", "must name its columns"),
        ("list.csv", "file\n", "names no files"),
        ("list.csv", "file,custom_id\na.png,7,8\n", "Line 2 of the list of files has more values"),
        (
            "list.csv",
            "file,custom_id\na.png,7\n,8\n",
            "Line 3 of the list of files names no `file`",
        ),
        ("list.csv", 'file\n"a.png\n', "cannot be read"),
        ("list.csv", b"file\n\xff.png\n", "cannot be read"),
        ("list.jsonl", "a.png\n", "Line 1 of the list of files is no JSON object"),
        ("list.jsonl", '\n["a.png"]\n', "Line 2 of the list of files is no JSON object"),
        ("list.jsonl", '{"file": "a.png", "custom_id": 7}\n', "`custom_id` that is not text"),
        ("list.jsonl", '{"file": "gone.png"}\n', "gone.png cannot be read"),
        ("list.jsonl", '{"file": "a.png", "sha256": "ab"}\n', "items.0.sha256"),
    ],
)
def test_a_list_that_names_no_files_is_a_sentence(
    rig: ApiRig, faces: Path, name: str, content: str | bytes, sentence: str
) -> None:
    """With the line, where one is to blame; no job is made of the rest."""
    (faces / name).write_bytes(content.encode() if isinstance(content, str) else content)
    ended = run("submit", "--files", str(faces / name))
    assert ended.exit_code in (1, 2)
    assert sentence in ended.stderr
    assert rig.client.get("/v1/jobs").json["jobs"] == []
