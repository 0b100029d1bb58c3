"""Merging runs: the mean of their weights, and a run that says what it is the mean of."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file, save_file

from core.errors import ConfigurationError
from training import cli
from training.merging import merge
from training.publish import publish
from training.run import RUN, Run

WEIGHTS = "model.safetensors"


@pytest.fixture
def other(run: Run, tmp_path: Path) -> Run:
    """A run like the shared one, whose weights are all larger by 1."""
    folder = tmp_path / "other"
    shutil.copytree(run.folder, folder)
    file = folder / "model" / WEIGHTS
    moved = {name: weight + np.float32(1) for name, weight in load_file(file).items()}
    save_file(moved, file, {"format": "pt"})
    return Run.read(folder)


def _change(run: Run, **facts: object) -> None:
    file = run.folder / RUN
    stored = json.loads(file.read_text())
    stored["facts"] |= facts
    file.write_text(json.dumps(stored))


def test_weights_are_the_mean(run: Run, other: Run, tmp_path: Path) -> None:
    """By their parts: a quarter of a network that is 1 larger is a quarter more."""
    merged = merge([run.folder, other.folder], [3, 1], tmp_path / "merged")
    before, after = (load_file(one.model / WEIGHTS) for one in (run, merged))
    assert before.keys() == after.keys()
    for name, weight in after.items():
        assert weight == pytest.approx(before[name] + 0.25, abs=1e-6), name


def test_a_merged_run_is_published_and_says_of_what(run: Run, other: Run, tmp_path: Path) -> None:
    """Its card names both runs' stages, and their parts."""
    merged = merge([run.folder, other.folder], [], tmp_path / "merged")
    assert merged.stages == [run.stage(), other.stage()]
    folder = publish(merged.folder, "merged", tmp_path / "registry", cross=())
    card = json.loads((folder / "card.json").read_bytes())
    assert [one["part"] for one in card["mean_of"]] == [0.5, 0.5]
    told = (folder / "card.md").read_text()
    assert f"{run.folder.name} (0.50), other (0.50)" in told
    assert "curves.png" not in told


def test_runs_that_do_not_fit_are_refused(run: Run, other: Run, tmp_path: Path) -> None:
    """Another dataset, a single run, parts of a wrong count, a folder that is taken."""
    out = tmp_path / "merged"
    with pytest.raises(ConfigurationError, match="two runs or more"):
        merge([run.folder], [], out)
    with pytest.raises(ConfigurationError, match="as many --part"):
        merge([run.folder, other.folder], [1], out)
    with pytest.raises(ConfigurationError, match="holds a run already"):
        merge([run.folder, other.folder], [], run.folder)
    _change(other, dataset_fingerprint="another")
    with pytest.raises(ConfigurationError, match="dataset"):
        merge([run.folder, other.folder], [], out)
    assert not out.exists()


def test_the_command_merges(run: Run, other: Run, tmp_path: Path) -> None:
    """And says where the model is."""
    out = tmp_path / "merged"
    arguments = ["merge", "--run", str(run.folder), "--run", str(other.folder), "--out", str(out)]
    done = CliRunner().invoke(cli.train, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert str(out / "model") in done.output
