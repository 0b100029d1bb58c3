"""The test set: prepared datasets and data as it lies, in one table."""

from pathlib import Path

import pytest

from core.errors import DatasetError
from tests.support.images import write_labelled_folder
from tests.support.layouts import draw, film
from training.evaluation.testset import EVERYTHING, gather
from training.layouts.catalogue import parse_sources
from training.prepare import Options, prepare_dataset


def test_a_prepared_dataset_gives_its_split(dataset: Path) -> None:
    """One split, or all of them, with groups that near duplicates share."""
    test, everything = (gather([str(dataset)], split) for split in ("test", EVERYTHING))
    assert 0 < len(test) < len(everything) == 60
    assert set(test["dataset"]) == {"drawn"}
    assert min(everything["group"]) >= 0


def test_a_folder_gives_all_of_its_images(pictures: Path) -> None:
    """Labels come from the folders, and NAME= names the dataset."""
    items = gather([f"mine={pictures}"], "test")
    assert items["label"].value_counts().to_dict() == {0: 8, 1: 8}
    assert set(items["dataset"]) == {"mine"}
    assert set(items["group"]) == {-1}


def test_a_prepared_dataset_keeps_its_split_under_another_name(dataset: Path) -> None:
    """NAME= renames it, and `fake:` takes its fakes alone."""
    test, named, fakes = (
        gather([argument], "test")
        for argument in (f"{dataset}", f"mine={dataset}", f"fake:{dataset}")
    )
    assert named["path"].tolist() == test["path"].tolist()
    assert set(named["dataset"]) == {"mine"}
    assert set(fakes["dataset"]) == {"drawn"}
    assert fakes["path"].tolist() == test.loc[test["label"] == 1, "path"].tolist()


def test_datasets_that_were_prepared_together_keep_their_names(tmp_path: Path) -> None:
    """Each is told apart behind the name that both were given."""
    data = [
        str(write_labelled_folder(tmp_path / name, per_label=6, seed=seed))
        for seed, name in enumerate(("a", "b"))
    ]
    prepare_dataset(parse_sources(data), tmp_path / "both", Options(faces=False))
    found = gather([f"mine={tmp_path / 'both'}"], EVERYTHING)
    assert set(found["dataset"]) == {"mine/a", "mine/b"}


def test_groups_of_two_datasets_are_kept_apart(dataset: Path) -> None:
    """Both number their groups from nought, and no number is used twice."""
    once = gather([str(dataset)], EVERYTHING)
    twice = gather([str(dataset), f"again={dataset}"], EVERYTHING)
    assert len(set(twice["group"])) == 2 * len(set(once["group"]))


def test_sources_of_one_name_are_refused(dataset: Path, drawn: Path, tmp_path: Path) -> None:
    """What is measured of them would be mixed, whether they are prepared or lie in folders."""
    draw(tmp_path / "drawn", "real/1.png")
    for data in ([drawn, tmp_path / "drawn"], [dataset, drawn], [dataset, dataset]):
        with pytest.raises(DatasetError, match="share a name"):
            gather([str(one) for one in data], EVERYTHING)


def test_data_of_one_label_is_taken(tmp_path: Path) -> None:
    """A folder of fakes alone is measured beside others."""
    draw(tmp_path / "gan", "fake/a.png", "fake/b.png")
    assert gather([str(tmp_path / "gan")], "test")["label"].tolist() == [1, 1]


def test_stated_splits_are_kept(tmp_path: Path) -> None:
    """Of a list that states splits, only the asked one is measured."""
    draw(tmp_path, "a.png", "b.png", "c.png")
    lines = ["path,label,split", "a.png,real,train", "b.png,fake,test", "c.png,real,test"]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    found = gather([str(tmp_path / "list.csv")], "test")
    assert [Path(path).name for path in found["path"]] == ["b.png", "c.png"]
    assert len(gather([str(tmp_path / "list.csv")], EVERYTHING)) == 3
    with pytest.raises(DatasetError, match="split validation"):
        gather([str(tmp_path / "list.csv")], "validation")


def test_videos_are_unpacked_where_there_is_room(tmp_path: Path) -> None:
    """At most so many frames of each video become items; without room, a sentence is told."""
    film(tmp_path / "clips", "real/x.mp4", "fake/y.mp4")
    items = gather([str(tmp_path / "clips")], "test", scratch=tmp_path / "scratch", frames=3)
    assert items.groupby("video_id").size().tolist() == [3, 3]
    assert min(items["frame"]) >= 0
    assert all(Path(path).is_relative_to(tmp_path / "scratch") for path in items["path"])
    with pytest.raises(DatasetError, match="train prepare"):
        gather([str(tmp_path / "clips")], "test")


def test_what_holds_no_image_is_told(tmp_path: Path) -> None:
    """An empty folder, and one that does not exist, are each a sentence."""
    write_labelled_folder(tmp_path / "empty", per_label=0)
    for name in ("empty", "nowhere"):
        with pytest.raises(DatasetError, match=name):
            gather([str(tmp_path / name)], "test")
