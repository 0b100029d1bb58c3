"""Configurations: the shipped ones are valid, and faults are told in a sentence."""

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from training.config import read_config

CONFIGS = sorted((Path(__file__).parents[3] / "training" / "configs").glob("*.yaml"))


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_shipped_configurations_open_with_their_command(file: Path) -> None:
    """Every shipped YAML is valid, and its head holds the command that runs it."""
    read_config(file)
    assert f"fakesweep train run --config training/configs/{file.name}" in file.read_text()


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    """Nothing needs to be stated."""
    (tmp_path / "a.yaml").write_text("")
    assert read_config(tmp_path / "a.yaml").epochs == 6


@pytest.mark.parametrize("word", ["on", '"on"', "true"])
def test_faces_may_be_written_as_yaml_reads_them(tmp_path: Path, word: str) -> None:
    """YAML takes a bare `on` for true; what is meant is the word."""
    (tmp_path / "a.yaml").write_text(f"preprocessing: {{faces: {word}}}")
    assert read_config(tmp_path / "a.yaml").preprocessing.faces == "on"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("epochs: 0", "epochs"),
        ("epocs: 3", "epocs"),
        ("augmentation: {flip: 2}", "augmentation.flip"),
        ("a: [", "could not be read"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, named: str) -> None:
    """A wrong value, a misspelled name and broken YAML are each named."""
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=named):
        read_config(tmp_path / "a.yaml")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A path that leads nowhere is a sentence, not a traceback."""
    with pytest.raises(ConfigurationError, match="could not be read"):
        read_config(tmp_path / "none.yaml")
