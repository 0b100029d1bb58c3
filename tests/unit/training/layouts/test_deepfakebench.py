"""DeepfakeBench: its JSON, and its rgb folders without one."""

from pathlib import Path

import pytest

from core.errors import DatasetError
from tests.support.layouts import by_name, draw, listed, write_json

REAL, FAKE = "rgb/Celeb-DF-v2/Celeb-real/frames", "rgb/Celeb-DF-v2/Celeb-synthesis/frames"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two videos of Celeb-DF v2, arranged as rearrange.py does: val is test."""
    draw(tmp_path / REAL / "id1_0007", "000.png", "010.png")
    draw(tmp_path / FAKE / "id1_id0_0007", "000.png")

    def frames(place: str, *names: str) -> list[str]:
        return ["\\".join(["D:", "bench", "datasets", *place.split("/"), name]) for name in names]

    real = {"label": "CelebDFv2_real", "frames": frames(f"{REAL}/id1_0007", "000.png", "010.png")}
    fake = {"label": "CelebDFv2_fake", "frames": frames(f"{FAKE}/id1_id0_0007", "000.png")}
    write_json(
        tmp_path / "dataset_json/Celeb-DF-v2.json",
        {
            "Celeb-DF-v2": {
                "CelebDFv2_real": {"train": {"id1_0007": real}, "val": {}, "test": {}},
                "CelebDFv2_fake": {
                    "train": {},
                    "val": {"id1_id0_0007": fake},
                    "test": {"id1_id0_0007": fake},
                },
            }
        },
    )
    return tmp_path


def test_paths_of_another_machine_are_found(root: Path) -> None:
    """Backslashes and another root are read through, and told."""
    listing = listed(root)
    assert listing.layout == "deepfakebench"
    assert (listing.listed, listing.missing) == (5 - 1, [])
    assert len(listing.entries) == 3
    assert any("backslashes" in warning for warning in listing.warnings)
    assert {entry.identity_a for entry in listing.entries} == {"cdf:id1"}


def test_videos_in_val_and_test_are_told(root: Path) -> None:
    """DeepfakeBench copies the test split of Celeb-DF into val."""
    listing = listed(root)
    fake = next(entry for entry in listing.entries if entry.label)
    assert fake.split == "validation+test"
    assert any("more than one split" in warning for warning in listing.warnings)


def test_compressions_lie_below_the_split(tmp_path: Path) -> None:
    """FaceForensics++ has c23 and c40 between the split and the video."""
    place = "FaceForensics++/manipulated_sequences/Deepfakes/c23/frames/033_097"
    draw(tmp_path / "rgb" / place, "000.png")
    video = {"label": "FF-DF", "frames": [f"./datasets/rgb/{place}/000.png"]}
    write_json(
        tmp_path / "dataset_json/FF-DF.json",
        {"FF-DF": {"FF-DF": {"train": {"c23": {"033_097": video}}}}},
    )
    entry = by_name(listed(tmp_path).entries)["000.png"]
    assert (entry.method, entry.compression, entry.split) == ("Deepfakes", "c23", "train")
    assert entry.identity_b == "ff:097"


def test_an_unknown_label_is_refused(root: Path) -> None:
    """A label that ends in neither real nor fake is not guessed."""
    write_json(
        root / "dataset_json/x.json", {"x": {"x": {"test": {"1": {"label": "x", "frames": []}}}}}
    )
    with pytest.raises(DatasetError, match="no label 'x'"):
        listed(root)


def test_rgb_folders_are_read_without_json(root: Path) -> None:
    """Each folder of rgb/ is read by the layout it keeps."""
    (root / "dataset_json/Celeb-DF-v2.json").unlink()
    draw(root / "rgb/UADFV/fake/frames/0001_fake", "000.png")
    draw(root / "rgb/UADFV/real/frames/0001", "000.png")
    draw(root / "rgb/unheard-of/a", "000.png")
    listing = listed(root)
    labels = [entry.label for entry in listing.entries]
    assert (labels.count(0), labels.count(1)) == (3, 2)
    assert any("rgb/unheard-of keeps no layout" in warning for warning in listing.warnings)
    videos = [entry for entry in listing.entries if entry.video_id.startswith("UADFV/")]
    assert {entry.source_id for entry in videos} == {"UADFV:0001"}
    assert len({entry.video_id for entry in videos}) == 2


def test_recordings_are_named_as_other_layouts_name_them(tmp_path: Path) -> None:
    """A fake of UADFV shares the recording of its real, and DFDC's are those of its own lists."""
    draw(tmp_path / "rgb/x", "000.png", "001.png", "002.png")

    def video(label: str, frame: str) -> dict[str, object]:
        return {"label": label, "frames": [f"rgb/x/{frame}.png"]}

    write_json(
        tmp_path / "dataset_json/x.json",
        {
            "UADFV": {
                "UADFV_Real": {"test": {"0001": video("UADFV_Real", "000")}},
                "UADFV_Fake": {"test": {"0001_fake": video("UADFV_Fake", "001")}},
            },
            "DFDC": {"DFDC_Real": {"test": {"abc": video("DFDC_Real", "002")}}},
        },
    )
    entries = by_name(listed(tmp_path).entries)
    assert entries["000.png"].source_id == entries["001.png"].source_id == "UADFV:0001"
    assert entries["002.png"].source_id == "dfdc:abc"
