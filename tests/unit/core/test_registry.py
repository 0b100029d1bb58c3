"""The registry: model versions found, named and verified without torch."""

from pathlib import Path

import pytest

from core.errors import ModelUnavailableError
from core.registry import ESSENTIAL, Registry, write_checksums


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with three versions of two models."""
    for version in ("face-2", "face-10", "a-vit-1"):
        _write_version(tmp_path / version)
    return Registry(tmp_path)


def _write_version(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ESSENTIAL:
        (folder / name).write_text("{}")
    (folder / "plots").mkdir()
    (folder / "plots" / "roc.png").write_bytes(b"plot")
    write_checksums(folder)


def test_versions_are_listed_by_name_and_number(registry: Registry) -> None:
    """Ten comes after two."""
    assert [files.id for files in registry.list()] == ["a-vit-1", "face-2", "face-10"]
    assert registry.get("a-vit-1").name == "a-vit"


def test_a_registry_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Before the first publication there is no folder."""
    registry = Registry(tmp_path / "none")
    assert registry.list() == []
    assert registry.next_id("face") == "face-1"


def test_what_is_not_whole_is_left_out(registry: Registry) -> None:
    """A folder without a card does not hide the others; nor do files and drafts."""
    (registry.root / "face-2" / "card.json").unlink()
    (registry.root / ".face-11.draft").mkdir()
    (registry.root / "notes-1").write_text("a file")
    assert [files.id for files in registry.list()] == ["a-vit-1", "face-10"]


def test_the_next_number_follows_the_highest(registry: Registry) -> None:
    """Numbers are never used again, whatever is broken."""
    (registry.root / "face-10" / "card.json").unlink()
    assert registry.next_id("face") == "face-11"


@pytest.mark.parametrize("name", ["", "../face", "Face", "a/b", "-a"])
def test_a_name_that_is_none_is_refused(registry: Registry, name: str) -> None:
    """A model's name cannot leave the folder."""
    with pytest.raises(ModelUnavailableError, match="no name"):
        registry.next_id(name)


@pytest.mark.parametrize(
    "version", ["face-3", "..", "../face-2", "face-2/../face-2", "/etc", "face", "face-0", ""]
)
def test_only_versions_of_the_registry_are_found(registry: Registry, version: str) -> None:
    """An id that is no version, or leads out of the folder, is not found."""
    with pytest.raises(ModelUnavailableError, match="no model version"):
        registry.get(version)


def test_a_whole_version_verifies(registry: Registry) -> None:
    """Checking returns the version, and its fingerprint follows its content."""
    before = registry.verify("face-2")
    (before.path / "card.json").write_text('{"other": 1}')
    write_checksums(before.path)
    assert registry.verify("face-2").fingerprint != before.fingerprint


@pytest.mark.parametrize("name", ["card.json", "plots/roc.png", "model.safetensors"])
def test_an_altered_file_is_named(registry: Registry, name: str) -> None:
    """Any changed or missing file, at any depth, fails the check."""
    (registry.root / "face-2" / name).write_text('{"altered": 1}')
    with pytest.raises(ModelUnavailableError, match=name):
        registry.verify("face-2")
    (registry.root / "face-2" / name).unlink()
    with pytest.raises(ModelUnavailableError):
        registry.verify("face-2")
