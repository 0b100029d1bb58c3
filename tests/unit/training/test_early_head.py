"""A run with a second head: fitted to its examples, published, and the same in every engine."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.numpy import load_file, save_file
from sklearn.metrics import roc_auc_score

from core.errors import ConfigurationError, DatasetError
from detector.early_head import EarlyHeadViT
from detector.engines.openvino_engine import OpenVinoEngine
from detector.engines.torch_engine import TorchEngine, choose_device
from detector.vit import Margin, load_vit
from training import cli
from training.dataset import PreparedDataset
from training.early_head import add_early_head
from training.examples import TrainingExamples
from training.publish import publish
from training.run import Run

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def made(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The shared run, with a head after its first layer."""
    out = tmp_path_factory.mktemp("early") / "run"
    return add_early_head(run.folder, out, layer=1, examples=80, caution=1.0)


def test_the_network_stays_and_gets_a_head(run: Run, made: Run) -> None:
    """No layer moves; the last head's margins are as wide as the new one's, and say the same."""
    before, after = (load_file(one.model / WEIGHTS) for one in (run, made))
    assert after.keys() - before.keys() == {"early_classifier.weight", "early_classifier.bias"}
    of_vit = [name for name in before if name.startswith("vit.")]
    assert all(np.array_equal(after[name], before[name]) for name in of_vit)
    ratio = after["classifier.weight"] / before["classifier.weight"]
    assert np.allclose(ratio, ratio[0, 0])
    assert isinstance(load_vit(made.model), EarlyHeadViT)


def test_it_knows_the_examples(run: Run, made: Run) -> None:
    """By itself, it parts the labels; so does the network with both heads."""
    shown = TrainingExamples(PreparedDataset.read(run.dataset).split("train"), run.spec, run.config)
    pixels = torch.stack([shown[index]["pixels"] for index in range(len(shown))])
    labels = [int(shown[index]["labels"]) for index in range(len(shown))]
    network = Margin(load_vit(made.model), made.spec).eval()
    alone = load_vit(made.model).eval()
    for own in alone.classifier.parameters():
        torch.nn.init.zeros_(own)
    with torch.inference_mode():
        assert roc_auc_score(labels, network(pixels)) > 0.9
        assert roc_auc_score(labels, Margin(alone, made.spec).eval()(pixels)) > 0.8


def test_caution_lowers_it(run: Run, made: Run, tmp_path: Path) -> None:
    """By so many deviations, and nothing else."""
    bold = add_early_head(run.folder, tmp_path / "bold", layer=1, examples=80, caution=0.0)
    careful, free = (load_file(one.model / WEIGHTS) for one in (made, bold))
    assert np.array_equal(careful["early_classifier.weight"], free["early_classifier.weight"])
    assert careful["early_classifier.bias"] == pytest.approx(free["early_classifier.bias"] - 1)


def test_it_is_published_and_says_how(made: Run, run: Run, tmp_path: Path) -> None:
    """Its card has the stage that it comes from, and the head; engines agree about it."""
    folder = publish(made.folder, "twice", tmp_path / "registry", cross=())
    card = json.loads((folder / "card.json").read_bytes())
    assert card["architecture"] == "EarlyHeadViT, float16 weights"
    assert [one["seed"] for one in card["stages"]] == [run.config.seed]
    assert (card["early_head"]["layer"], card["early_head"]["examples"]) == (1, 80)
    told = (folder / "card.md").read_text()
    assert "A second head, after layer 1, was fitted to 80 training examples" in told
    assert "curves.png" not in told
    pixels = np.random.default_rng(1).integers(0, 256, (3, 3, made.spec.size, made.spec.size))
    pixels = pixels.astype(np.uint8)
    plain = TorchEngine(folder, made.spec, choose_device("cpu")).forward(pixels)
    converted = OpenVinoEngine(folder, made.spec).forward(pixels)
    assert plain == pytest.approx(converted, abs=1e-3)


def test_what_cannot_be_had_is_refused(run: Run, tmp_path: Path) -> None:
    """Too few examples, a layer that is not there, a folder that is taken: nothing is written."""
    out = tmp_path / "out"
    with pytest.raises(DatasetError, match="--examples"):
        add_early_head(run.folder, out, layer=1, examples=1, caution=1.0)
    with pytest.raises(ConfigurationError, match="is none of them"):
        add_early_head(run.folder, out, layer=9, examples=80, caution=1.0)
    with pytest.raises(ConfigurationError, match="holds a run already"):
        add_early_head(run.folder, run.folder, layer=1, examples=80, caution=1.0)
    assert not out.exists()


def test_a_head_that_tells_nothing_apart_is_refused(run: Run, tmp_path: Path) -> None:
    """A last head whose margins are all alike has no deviation to divide by."""
    blank = Path(shutil.copytree(run.folder, tmp_path / "blank"))
    weights = load_file(blank / "model" / WEIGHTS)
    weights["classifier.weight"][:] = 0
    save_file(weights, blank / "model" / WEIGHTS, {"format": "pt"})
    with pytest.raises(DatasetError, match="The last head says the same of all 80 examples"):
        add_early_head(blank, tmp_path / "out", layer=1, examples=80, caution=1.0)
    assert not (tmp_path / "out").exists()


def test_the_command_adds_it(run: Run, tmp_path: Path) -> None:
    """And says where the model is, also as JSON."""
    words = ["add-head", "--run", str(run.folder), "--layer", "1", "--examples", "40"]
    out = tmp_path / "out"
    done = CliRunner().invoke(cli.train, [*words, "--out", str(out)], catch_exceptions=False)
    assert (
        f"The model is in {out / 'model'}; measure it with `train evaluate --model {out}`.\n"
        in (done.output)
    )
    words += ["--out", str(tmp_path / "other"), "--json"]
    done = CliRunner().invoke(cli.train, words, catch_exceptions=False)
    assert json.loads(done.stdout)["early_head"]["examples"] == 40
