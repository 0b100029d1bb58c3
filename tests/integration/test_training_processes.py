"""Training by two processes, as `torchrun` starts them: one run, shared, and resumed exactly."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from safetensors.numpy import load_file

from tests.support.images import write_labelled_folder
from tests.support.models import write_tiny_backbone
from tests.support.runs import TINY
from training.dataset import PreparedDataset
from training.layouts.catalogue import parse_sources
from training.prepare import Options, prepare_dataset

BATCH = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration, a tiny backbone and a prepared dataset."""
    folder = tmp_path_factory.mktemp("together")
    drawn = write_labelled_folder(folder / "drawn", per_label=30)
    prepare_dataset(parse_sources((str(drawn),)), folder / "data", Options(faces=False, seed=1))
    write_tiny_backbone(folder / "tiny")
    config = TINY.model_copy(update={"batch_size": BATCH, "ema_decay": 0.9})
    (folder / "config.yaml").write_text(yaml.safe_dump(json.loads(config.model_dump_json())))
    return folder


def test_two_processes_share_a_run_and_go_on_where_they_stopped(folder: Path) -> None:
    """Each takes half of the images; a stopped run ends with the weights of one that was not."""
    told = _train(folder, folder / "run")
    assert told.count("The best model is in") == 1
    images = len(PreparedDataset.read(folder / "data").split("train"))
    steps = [int(found.name.partition("-")[2]) for found in _checkpoints(folder / "run")]
    assert max(steps) == TINY.epochs * -(-images // (2 * BATCH))
    shutil.copytree(folder / "run", folder / "stopped")
    for found in _checkpoints(folder / "stopped"):
        if found.name == f"checkpoint-{max(steps)}":
            shutil.rmtree(found)
    shutil.rmtree(folder / "stopped" / "model")
    _train(folder, folder / "stopped", "--resume")
    whole, resumed = (
        load_file(folder / name / "model" / "model.safetensors") for name in ("run", "stopped")
    )
    assert all((whole[name] == resumed[name]).all() for name in whole)


def _train(folder: Path, out: Path, *more: str) -> str:
    together = ["-m", "torch.distributed.run", "--nproc_per_node", "2", "--rdzv_backend", "c10d"]
    together += ["--rdzv_endpoint", "localhost:0", "-m", "training.cli", "run"]
    options = ["--config", folder / "config.yaml", "--data", folder / "data"]
    options += ["--backbone", folder / "tiny", "--out", out]
    command = [sys.executable, *together, *map(str, options), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def _checkpoints(run: Path) -> list[Path]:
    return list((run / "checkpoints").glob("checkpoint-*"))
