"""CSV and JSONL lists, Hugging Face metadata, and Parquet."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import DatasetError
from tests.support.images import jpeg_bytes
from tests.support.layouts import by_name, draw, listed
from training.layouts.catalogue import parse_source, read_source


def write_parquet(file: Path, labels: list[object], features: dict[str, object] | None) -> None:
    """Write rows with an image each, and what `datasets` would say of the label."""
    images = [{"bytes": jpeg_bytes(index), "path": f"{index}.jpg"} for index in range(len(labels))]
    table = pa.table({"image": images, "label": labels})
    if features:
        info = json.dumps({"info": {"features": {"label": features}}})
        table = table.replace_schema_metadata({b"huggingface": info.encode()})
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file)


def test_a_csv_says_what_it_knows(tmp_path: Path) -> None:
    """Paths are relative to the list; people are kept apart from those of other lists."""
    draw(tmp_path, "a/1.png", "a/2.png")
    (tmp_path / "faces.csv").write_text(
        "path,label,identity,generator,split\n"
        "a/1.png,real,7,,train\na\\2.png,FAKE,8,sd21,val\na/3.png,real,9,,test\n"
    )
    listing = listed(tmp_path / "faces.csv")
    entries = by_name(listing.entries)
    assert (listing.layout, listing.source.name) == ("list", "faces")
    assert (entries["1.png"].identity_a, entries["1.png"].method) == ("faces:7", "real")
    assert (entries["2.png"].method, entries["2.png"].split) == ("sd21", "validation")
    assert (listing.listed, listing.missing) == (3, ["a/3.png"])
    assert "backslashes" in listing.warnings[0]


def test_jsonl_is_read_the_same_way(tmp_path: Path) -> None:
    """One object a line; a list in a folder of its own is found by the folder."""
    draw(tmp_path, "1.png")
    (tmp_path / "faces.jsonl").write_text('{"image": "1.png", "label": "ai-generated"}\n')
    assert listed(tmp_path).entries[0].label == 1


def test_numbers_need_a_meaning(tmp_path: Path) -> None:
    """`label` 0 and 1 are refused; `label_str`, `is_fake` and --labels are understood."""
    draw(tmp_path, "1.png")
    file = tmp_path / "faces.csv"
    file.write_text("path,label\n1.png,1\n")
    with pytest.raises(DatasetError, match="by the number 1"):
        listed(file)
    assert read_source(parse_source(str(file), {"1": 0})).entries[0].label == 0
    file.write_text("path,label,label_str\n1.png,1,real\n")
    assert listed(file).entries[0].label == 0
    file.write_text("path,is_fake\n1.png,1\n")
    assert listed(file).entries[0].label == 1


def test_one_file_under_both_labels_is_refused(tmp_path: Path) -> None:
    """The same path as real and as fake is named."""
    draw(tmp_path, "1.png")
    (tmp_path / "faces.csv").write_text("path,label\n1.png,real\n1.png,fake\n")
    with pytest.raises(DatasetError, match="listed as real and as fake"):
        listed(tmp_path / "faces.csv")


def test_a_list_of_nothing_that_exists_is_refused(tmp_path: Path) -> None:
    """When no path resolves, the folder is the wrong one."""
    (tmp_path / "faces.csv").write_text("path,label\n1.png,real\n")
    with pytest.raises(DatasetError, match="None of the 1 paths"):
        listed(tmp_path / "faces.csv")


def test_a_list_of_one_label_needs_no_column(tmp_path: Path) -> None:
    """`real:` says it for the whole list; without, the missing column is named."""
    draw(tmp_path, "1.png")
    (tmp_path / "faces.csv").write_text("path,identity\n1.png,7\n")
    with pytest.raises(DatasetError, match="no column `label`"):
        listed(tmp_path / "faces.csv")
    assert listed(f"real:lfw={tmp_path / 'faces.csv'}").entries[0].identity_a == "lfw:7"


def test_hugging_face_metadata_is_read_from_each_split(tmp_path: Path) -> None:
    """metadata.csv and metadata.jsonl lie beside the images; the folder is the split."""
    draw(tmp_path, "train/0001.png", "test/0002.png")
    (tmp_path / "train/metadata.csv").write_text("file_name,label\n0001.png,real\n")
    (tmp_path / "test/metadata.jsonl").write_text('{"file_name": "0002.png", "label": "fake"}\n')
    listing = listed(tmp_path)
    entries = by_name(listing.entries)
    assert listing.layout == "huggingface"
    assert (entries["0001.png"].label, entries["0001.png"].split) == (0, "train")
    assert (entries["0002.png"].label, entries["0002.png"].split) == (1, "test")


def test_hugging_face_numbers_are_looked_up_in_the_card(tmp_path: Path) -> None:
    """The dataset card names the classes; here 0 is fake."""
    draw(tmp_path, "0001.png")
    (tmp_path / "metadata.csv").write_text("file_name,label\n0001.png,0\n")
    with pytest.raises(DatasetError, match="by the number 0"):
        listed(tmp_path)
    (tmp_path / "README.md").write_text(
        "---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n"
        "        names:\n          '0': Fake\n          '1': Real\n---\n# Faces\n"
    )
    assert listed(tmp_path).entries[0].label == 1


def test_parquet_labels_are_mapped_by_name(tmp_path: Path) -> None:
    """The features in the schema say that 0 is fake; the split is the file's name."""
    features: dict[str, object] = {"_type": "ClassLabel", "names": ["fake", "real"]}
    write_parquet(tmp_path / "data/test-00000-of-00001.parquet", [0, 1, 0], features)
    listing = listed(tmp_path)
    assert listing.layout == "parquet"
    assert [(entry.member, entry.label) for entry in listing.entries] == [
        ("0", 1), ("1", 0), ("2", 1),
    ]  # fmt: skip
    assert {entry.split for entry in listing.entries} == {"test"}


def test_parquet_numbers_without_names_are_refused(tmp_path: Path) -> None:
    """Bare numbers are not guessed; words are read as they are."""
    write_parquet(tmp_path / "train.parquet", [0, 1], None)
    with pytest.raises(DatasetError, match="by the number 0"):
        listed(tmp_path)
    write_parquet(tmp_path / "train.parquet", ["real", "fake"], None)
    assert [entry.label for entry in listed(tmp_path).entries] == [0, 1]


def test_parquet_knows_whatever_a_list_knows(tmp_path: Path) -> None:
    """Each column that a list understands is read of a row, but no second image."""
    told = {
        "subject": ["7"], "identity_b": ["8"], "original": ["clip"], "set": ["val"],
        "compression": ["c23"], "generator": ["sd21"], "video_id": ["v"], "frame": [3],
    }  # fmt: skip
    image = {"bytes": jpeg_bytes(0), "path": "0.jpg"}
    for extra in ({}, {"source_id": [image]}):
        table = pa.table({"image": [image], "label": ["fake"], **told, **extra})
        pq.write_table(table, tmp_path / "faces.parquet")
        (entry,) = listed(f"x={tmp_path / 'faces.parquet'}").entries
        assert (entry.identity_a, entry.identity_b, entry.source_id) == ("x:7", "x:8", "x:clip")
        assert (entry.split, entry.compression, entry.method) == ("validation", "c23", "sd21")
        assert (entry.video_id, entry.frame) == ("v", 3)


def test_parquet_without_images_is_refused(tmp_path: Path) -> None:
    """A table of something else is named with its columns."""
    pq.write_table(pa.table({"text": ["a"], "label": ["real"]}), tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match="no column of images"):
        listed(tmp_path)
