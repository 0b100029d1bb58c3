"""Model versions on disk: immutable, whole or not there, checked before every load."""

from pathlib import Path

import pytest

from core.errors import ConflictError, ModelUnavailableError
from detector.artifact import Artifact, write_json, writing
from tests.support.models import TINY_SIZE, write_tiny_model_version


def test_a_version_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The specification and the calibration come back."""
    artifact = Artifact.read(write_tiny_model_version(tmp_path))
    assert artifact.spec.size == TINY_SIZE
    assert artifact.calibration.band_high == 0.55


def test_a_version_is_never_written_twice(tmp_path: Path) -> None:
    """Publishing over a version is refused and leaves it as it was."""
    folder = write_tiny_model_version(tmp_path)
    before = (folder / "SHA256SUMS").read_bytes()
    with pytest.raises(ConflictError, match="never change"), writing(folder):
        pass
    assert (folder / "SHA256SUMS").read_bytes() == before


def test_a_version_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    """Of two that write one version, the slower fails."""
    folder = tmp_path / "tiny-1"

    def write_slowly() -> None:
        with writing(folder) as draft:
            write_json(draft / "card.json", {"slow": True})
            write_tiny_model_version(tmp_path)

    with pytest.raises(ConflictError):
        write_slowly()
    assert Artifact.read(folder).spec.size == TINY_SIZE


def test_a_version_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """An error while writing leaves no folder, not even a temporary one."""
    with pytest.raises(ZeroDivisionError), writing(tmp_path / "tiny-1") as draft:
        write_json(draft / "card.json", {"share": 1 / 0})
    assert list(tmp_path.iterdir()) == []


def test_json_never_holds_nan(tmp_path: Path) -> None:
    """A number that is none is refused rather than written as invalid JSON."""
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "card.json", {"auc": float("nan")})


@pytest.mark.parametrize("name", ["model.safetensors", "calibration.json", "preprocessing.json"])
def test_tampering_is_noticed_before_loading(tmp_path: Path, name: str) -> None:
    """One changed byte of any file stops the load and names the file."""
    folder = write_tiny_model_version(tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[-2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelUnavailableError, match=name):
        Artifact.read(folder)


def test_a_missing_file_stops_the_load(tmp_path: Path) -> None:
    """Weights that are gone are named."""
    folder = write_tiny_model_version(tmp_path)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelUnavailableError, match=r"model\.safetensors"):
        Artifact.read(folder)


def test_files_that_no_checksum_covers_stop_the_load(tmp_path: Path) -> None:
    """Taking the weights out of SHA256SUMS does not let altered ones pass."""
    folder = write_tiny_model_version(tmp_path)
    (folder / "SHA256SUMS").write_text("")
    with pytest.raises(ModelUnavailableError):
        Artifact.read(folder)
