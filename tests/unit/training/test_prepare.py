"""Preparing what is no folder of labels: videos, packed images, faces, official splits, leaks."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw

from core.errors import DatasetError
from detector.faces import FaceFinder
from tests.support.faces import portrait
from tests.support.images import photo_like, write_labelled_folder
from tests.support.layouts import film, write_json
from training import cli
from training.dataset import PreparedDataset
from training.layouts.catalogue import parse_sources
from training.prepare import Options, Preparation, prepare_dataset

WHOLE = Options(faces=False, seed=1, frames=3)


def prepared(out: Path, *arguments: object, options: Options = WHOLE) -> Preparation:
    """Prepare what the arguments name."""
    return prepare_dataset(parse_sources([str(one) for one in arguments]), out, options)


def crossing(items: pd.DataFrame, column: str) -> int:
    """Return how many values of a column are in more than one split."""
    return sum(len(set(rows["split"])) > 1 for _, rows in items.groupby(column))


def write_faceforensics(root: Path, pairs: int) -> Path:
    """Write originals and Deepfakes of so many pairs, with split files that share them out."""
    names = [(f"{2 * pair:03}", f"{2 * pair + 1:03}") for pair in range(pairs)]
    film(
        root / "original_sequences/youtube/c23/videos",
        *(f"{name}.mp4" for pair in names for name in pair),
    )
    film(
        root / "manipulated_sequences/Deepfakes/c23/videos",
        *(f"{one}_{other}.mp4" for pair in names for one, other in (pair, pair[::-1])),
    )
    shares = {"test": names[:1], "val": names[1:2], "train": names[2:]}
    for name, chosen in shares.items():
        write_json(root / f"{name}.json", chosen)
    return root


@pytest.fixture(scope="module")
def faceforensics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FaceForensics++ of six pairs."""
    return write_faceforensics(tmp_path_factory.mktemp("data") / "FF++", 6)


def test_videos_become_frames_that_know_their_video(faceforensics: Path, tmp_path: Path) -> None:
    """Three frames a video, in one split with the other videos of both people."""
    done = prepared(tmp_path / "out", faceforensics)
    items = PreparedDataset.read(tmp_path / "out").items
    assert len(items) == 24 * 3
    assert items.groupby("video_id").size().tolist() == [3] * 24
    assert set(items["compression"]) == {"c23"}
    assert set(items.loc[items["label"] == 1, "method"]) == {"Deepfakes"}
    assert crossing(items, "group") == 0
    pairs = items["identity_a"].str[-3:].astype(int) // 2
    assert crossing(items.assign(pair=pairs), "pair") == 0
    assert all(Path(path).exists() for path in items["path"])
    assert done.report["groups"] == 6


def test_official_splits_are_kept_when_asked(faceforensics: Path, tmp_path: Path) -> None:
    """The split files decide, and the same frames make another fingerprint."""
    options = replace(WHOLE, splits="official")
    done = prepared(tmp_path / "official", faceforensics, options=options)
    items = PreparedDataset.read(done.folder).items
    first = items["source_id"].isin(["ff:000", "ff:001"])
    assert set(items.loc[first, "split"]) == {"test"}
    assert set(items.loc[~first, "split"]) == {"train", "validation"}


def test_overlapping_official_splits_are_refused(tmp_path: Path) -> None:
    """A sequence in train.json and in test.json stops an official preparation, and only that."""
    root = write_faceforensics(tmp_path / "FF++", 4)
    write_json(root / "train.json", [["000", "001"], ["004", "005"], ["006", "007"]])
    with pytest.raises(DatasetError, match="--splits grouped"):
        prepared(tmp_path / "out", root, options=replace(WHOLE, splits="official"))
    done = prepared(tmp_path / "out", root)
    assert any("more than one split" in warning for warning in done.report["warnings"])


def test_a_report_says_what_was_read(faceforensics: Path, tmp_path: Path) -> None:
    """The layout, how many of the listed paths exist, and what was asked for."""
    done = prepared(tmp_path / "out", f"ff={faceforensics}")
    stored = json.loads((tmp_path / "out/report.json").read_bytes())
    assert stored == json.loads(json.dumps(done.report))
    (source,) = stored["sources"]
    assert (source["name"], source["layout"]) == ("ff", "faceforensics")
    assert (source["listed"], source["found"]) == (12, 12)
    assert stored["options"]["frames"] == 3


def test_faces_are_kept_with_each_row(tmp_path: Path) -> None:
    """With faces, each row has the largest one; a picture without any is left out.

    A fake that was made of a portrait looks like it, and is in its split.
    """
    source = write_labelled_folder(tmp_path / "photos", per_label=0)
    for index, name in enumerate(("nasa-portrait", "navy-portrait", "photographer")):
        image = portrait(f"photos/{name}")
        image.save(source / "real" / f"{index}.png")
        x, y = FaceFinder.load().find(image)[0].centre
        ImageDraw.Draw(image).ellipse((x - 6, y - 6, x + 6, y + 6), fill=(255, 0, 0))
        image.save(source / "fake" / f"{index}.png")
    photo_like(1, (64, 64)).save(source / "fake" / "none.png")
    done = prepared(tmp_path / "out", source, options=replace(WHOLE, faces=True))
    items = PreparedDataset.read(done.folder).items
    assert done.report["dropped_by_reason"] == {"no_face": 1}
    assert items["n_faces"].tolist() == [1] * 6
    assert [len(points) for points in items["landmarks"]] == [10] * 6
    for row in items.to_dict("records"):
        assert 0 <= row["face_x0"] < row["face_x1"] <= row["width"]
        assert 0 <= row["face_y0"] < row["face_y1"] <= row["height"]
    portraits = items.groupby(items["path"].map(lambda path: Path(path).name))
    assert [len(set(one["split"])) for _, one in portraits] == [1, 1, 1]
    assert set(items["split"]) == {"train", "validation", "test"}


def test_leaks_are_told(tmp_path: Path) -> None:
    """Fakes that are JPEGs among PNGs are known by their tables, and the report says so."""
    source = write_labelled_folder(tmp_path / "drawn", per_label=40)
    for path in sorted((source / "fake").iterdir()):
        Image.open(path).save(path.with_suffix(".jpg"), quality=80)
        path.unlink()
    report = prepared(tmp_path / "out", source).report
    probe = next(one for one in report["probes"] if one["trait"] == "JPEG quality")
    assert probe["auc"] > 0.95
    assert probe["telling"]
    assert any("JPEG quality (AUC" in warning for warning in report["warnings"])


def test_nothing_of_a_source_is_changed(faceforensics: Path, tmp_path: Path) -> None:
    """Files and folders of the source are as they were; what is new lies below the dataset."""
    before = {path: path.stat().st_mtime_ns for path in sorted(faceforensics.rglob("*"))}
    prepared(tmp_path / "out", faceforensics)
    assert {path: path.stat().st_mtime_ns for path in sorted(faceforensics.rglob("*"))} == before


def test_copies_never_cross_splits(tmp_path: Path) -> None:
    """Each picture lies there twice, one of them mirrored: both are in one split."""
    source = write_labelled_folder(tmp_path / "drawn", per_label=20, size=(96, 96))
    for path in sorted(source.glob("*/*.png")):
        image = Image.open(path).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        image.save(path.with_name(f"{path.stem}-mirrored.png"))
    items = PreparedDataset.read(prepared(tmp_path / "out", source).folder).items
    names = items["path"].map(lambda path: path.replace("-mirrored", ""))
    assert len(items) == 80
    assert crossing(items.assign(name=names), "name") == 0
    assert len(set(items["group"])) == 40


def test_the_command_takes_every_option(tmp_path: Path) -> None:
    """Lists with bare labels, one label by name, faces off: what is read is told."""
    source = write_labelled_folder(tmp_path / "drawn", per_label=20)
    rows = [f"drawn/{path.parent.name}/{path.name},{int(path.parent.name == 'fake')}"
            for path in sorted(source.glob("*/*.png"))]  # fmt: skip
    (tmp_path / "list.csv").write_text("\n".join(["path,label", *rows, "gone.png,1"]))
    shutil.copytree(source / "real", tmp_path / "more")
    for path in sorted((tmp_path / "more").iterdir()):
        photo_like(9000 + int(path.stem), (48, 48)).save(path)
    told = CliRunner().invoke(
        cli.train,
        [
            "prepare", "--data", f"faces={tmp_path / 'list.csv'}",
            "--data", f"real:more={tmp_path / 'more'}", "--labels", "0=real,1=fake",
            "--faces", "off", "--frames", "3", "--splits", "grouped", "--layout", "auto",
            "--out", str(tmp_path / "out"),
        ],
        catch_exceptions=False,
    ).output  # fmt: skip
    assert "faces: read as list, 40 of 41 listed paths found." in told
    assert "more: read as imagefolder, 20 of 20 listed paths found." in told
    assert "Kept 60 of 60 files" in told
    assert "gone.png" in told


def test_an_unknown_layout_is_refused(tmp_path: Path) -> None:
    """A layout that does not exist is answered with those that do."""
    source = write_labelled_folder(tmp_path / "drawn", per_label=1)
    with pytest.raises(DatasetError, match="There is no layout 'kaggle'; name one of"):
        prepared(tmp_path / "out", source, options=replace(WHOLE, layout="kaggle"))


def test_a_prepared_dataset_is_not_prepared_again(dataset: Path, tmp_path: Path) -> None:
    """Its columns would pass for a list, and its splits be made anew."""
    with pytest.raises(DatasetError, match="is a prepared dataset"):
        prepared(tmp_path / "again", f"mine={dataset}")
