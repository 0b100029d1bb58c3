"""From a folder of images to a published model version, on drawn images and a tiny network."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file

from core.errors import ConfigurationError, DatasetError, ModelUnavailableError
from core.registry import Registry
from detector.detector import Detector
from tests.support.images import write_labelled_folder
from tests.support.runs import TINY
from training import cli
from training.config import Preprocessing, TrainingConfig
from training.dataset import PreparedDataset
from training.evaluate import evaluate_model
from training.examples import TrainingExamples
from training.layouts.catalogue import parse_source, parse_sources, read_source
from training.prepare import Options, prepare_dataset
from training.publish import publish
from training.run import Run
from training.selection import Selection, build_selection
from training.train import train

WHOLE = Options(faces=False, seed=1)


@pytest.fixture(scope="session")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source of fakes only and one of reals only, that no run trains on."""
    root = tmp_path_factory.mktemp("unseen")
    for name, left_out in (("gan", "real"), ("photos", "fake")):
        write_labelled_folder(root / name, per_label=6, seed=5000 + len(name))
        shutil.rmtree(root / name / left_out)
    return root


@pytest.fixture(scope="session")
def version(run: Run, unseen: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run, published with two unseen sources."""
    registry = tmp_path_factory.mktemp("registry")
    cross = (str(unseen / "gan"), f"camera={unseen / 'photos'}")
    return publish(run.folder, "drawn", registry, cross=cross)


def test_a_dataset_says_what_it_holds(dataset: Path) -> None:
    """Every image is kept, in stratified splits, and the fingerprint does not name a path."""
    prepared = PreparedDataset.read(dataset)
    labels = prepared.split("train")["label"].tolist()
    assert len(prepared.items) == 60
    assert 20 <= labels.count(0) <= 22
    assert 20 <= labels.count(1) <= 22
    report = json.loads((dataset / "report.json").read_bytes())
    assert report["fingerprint"] == prepared.fingerprint


def test_the_same_images_elsewhere_have_the_same_fingerprint(drawn: Path, tmp_path: Path) -> None:
    """Moving the images changes no split and no fingerprint; the seed does."""
    moved = shutil.copytree(drawn, tmp_path / "moved" / "drawn")
    folders = [
        prepare_dataset(
            parse_sources((str(source),)), tmp_path / name, replace(WHOLE, seed=seed)
        ).folder
        for name, source, seed in (("a", drawn, 1), ("b", moved, 1), ("c", drawn, 2))
    ]
    one, same, other = (PreparedDataset.read(folder).fingerprint for folder in folders)
    assert one == same != other


def test_dropped_files_are_listed_with_their_reasons(tmp_path: Path) -> None:
    """A copy and a broken file are left out of the dataset and stay on disk."""
    source = write_labelled_folder(tmp_path / "drawn", per_label=10)
    shutil.copy(source / "real" / "000.png", source / "real" / "copy.png")
    (source / "fake" / "broken.jpg").write_bytes(b"no image")
    report = prepare_dataset(parse_sources((str(source),)), tmp_path / "out", WHOLE).report
    assert report["dropped_by_reason"] == {"exact_duplicate": 1, "unsupported_type": 1}
    assert {Path(one["path"]).name for one in report["dropped"]} == {"copy.png", "broken.jpg"}
    assert (source / "fake" / "broken.jpg").exists()


def test_an_altered_dataset_is_refused(dataset: Path, tmp_path: Path) -> None:
    """Moving an item to another split by hand is noticed."""
    copy = shutil.copytree(dataset, tmp_path / "copy")
    items = pd.read_parquet(copy / "items.parquet")
    items["split"] = "train"
    items.to_parquet(copy / "items.parquet")
    with pytest.raises(DatasetError, match="prepare the dataset again"):
        PreparedDataset.read(copy)


@pytest.mark.parametrize("label", ["real", "fake"])
def test_one_label_is_no_dataset(tmp_path: Path, label: str) -> None:
    """Without images of the other label nothing is written, and a sentence says what is missing."""
    source = write_labelled_folder(tmp_path / "drawn", per_label=10)
    shutil.rmtree(source / label)
    with pytest.raises(DatasetError, match=f"No {label} image"):
        prepare_dataset(parse_sources((str(source),)), tmp_path / "out", WHOLE)
    assert not (tmp_path / "out").exists()


def test_folders_that_are_no_source_are_refused(tmp_path: Path) -> None:
    """A folder without real/ and fake/, and two of one name, are told apart from data."""
    with pytest.raises(DatasetError, match="neither"):
        read_source(parse_source(str(tmp_path)))
    source = write_labelled_folder(tmp_path / "a" / "drawn", per_label=1)
    with pytest.raises(DatasetError, match="share a name"):
        parse_sources((str(source), str(source)))
    assert parse_source(f"other={source}").name == "other"


def test_training_sees_what_serving_sees(run: Run, version: Path) -> None:
    """What an epoch is measured on has, bit for bit, the pixels that a detector prepares."""
    items = PreparedDataset.read(run.dataset).split("test")
    detector = Detector.load(version, device="cpu")
    measured = build_selection(items, None, run.spec, most=0, seed=1)
    for index, path in enumerate(measured.items["path"]):
        (served,) = detector.prepare(Path(path).read_bytes()).pixels
        assert np.array_equal(measured.images[index]["pixels"].numpy(), served)


def test_augmentation_follows_seed_epoch_and_position(run: Run) -> None:
    """The same place in the same epoch looks the same; another epoch looks different."""
    items = PreparedDataset.read(run.dataset).split("train")
    one, again = (TrainingExamples(items, run.spec, TINY) for _ in range(2))
    first = one[0]["pixels"]
    assert np.array_equal(first, again[0]["pixels"])
    again.set_epoch(1)
    assert not np.array_equal(first, again[0]["pixels"])


def test_a_run_learns(run: Run, tmp_path: Path) -> None:
    """Two epochs tell drawn fakes from drawn reals well; files tell how it went."""
    findings = evaluate_model(
        str(run.folder), [str(run.dataset)], registry=tmp_path, out=tmp_path / "measured"
    )
    overall = findings.evaluation.overall
    assert overall.auc is not None
    assert overall.auc > 0.8
    assert (tmp_path / "measured" / "report.html").exists()
    for name in ("run.json", "history.json", "curves.png", "model/model.safetensors"):
        assert (run.folder / name).exists()
    assert list((run.folder / "logs").glob("events.*"))


def test_faces_cannot_be_trained_on_where_none_were_looked_for(
    dataset: Path, backbone: Path, tmp_path: Path
) -> None:
    """A dataset of whole images is not taken for one of faces; the sentence says what to do."""
    config = TrainingConfig(preprocessing=Preprocessing(faces="on"))
    with pytest.raises(DatasetError, match="prepare it with `--faces on`"):
        train(config, dataset, str(backbone), tmp_path / "run", resume=False)


def test_a_run_is_never_started_over(run: Run, dataset: Path, backbone: Path) -> None:
    """Training into a folder that holds a run needs --resume."""
    with pytest.raises(ConfigurationError, match="--resume"):
        train(TINY, dataset, str(backbone), run.folder, resume=False)


def test_a_stopped_run_ends_as_if_it_had_not_stopped(
    run: Run, dataset: Path, backbone: Path, tmp_path: Path
) -> None:
    """Resumed from the first epoch's checkpoint, a run gives the same weights, bit for bit."""
    stopped = tmp_path / "stopped"
    shutil.copytree(run.folder, stopped)
    shutil.rmtree(stopped / "model")
    first, last = sorted(
        (stopped / "checkpoints").iterdir(), key=lambda each: int(each.name.split("-")[1])
    )
    assert first.name != last.name
    (last / "trainer_state.json").unlink()  # killed while it was written
    resumed = train(TINY, dataset, str(backbone), stopped, resume=True)
    expected = load_file(run.model / "model.safetensors")
    for name, weights in load_file(resumed.model / "model.safetensors").items():
        assert np.array_equal(weights, expected[name]), name


class Killed(Exception):
    """What stops a run that is being measured."""


def test_a_resumed_run_stops_as_early_as_one_that_was_not_stopped(
    dataset: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Epochs that were no better count across a kill, and an end that came early is an end."""
    measured: list[int] = []

    def never_better(*_: object) -> dict[str, float]:
        measured.append(1)
        if len(measured) == 3:
            raise Killed
        return {"accuracy": 0.5, "auc": 0.5, "score": 0.5}

    monkeypatch.setattr(Selection, "measure", never_better)
    config = TINY.model_copy(update={"epochs": 6, "patience": 2})
    out = tmp_path / "run"
    with pytest.raises(Killed):
        train(config, dataset, str(backbone), out, resume=False)
    assert train(config, dataset, str(backbone), out, resume=True).stage()["epochs_run"] == 3
    shutil.rmtree(out / "model")  # killed before the best model was kept
    ended = train(config, dataset, str(backbone), out, resume=True)
    assert (ended.stage()["epochs_run"], ended.stage()["best_epoch"]) == (3, 1)
    assert (out / "model" / "model.safetensors").exists()
    assert len(measured) == 4


def test_a_run_that_has_ended_is_left_as_it_is(run: Run, dataset: Path, backbone: Path) -> None:
    """To resume it trains nothing and writes nothing."""
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    assert train(TINY, dataset, str(backbone), run.folder, resume=True) == run
    assert {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")} == before


def test_a_run_knows_the_sources_that_chose_its_epoch(
    dataset: Path, backbone: Path, unseen: Path, tmp_path: Path
) -> None:
    """Their names and images are written down, and others are refused when it goes on."""
    config = TINY.model_copy(update={"epochs": 1})
    cross = (str(unseen / "gan"), f"camera={unseen / 'photos'}")
    out = tmp_path / "run"
    made = train(config, dataset, str(backbone), out, cross=cross, resume=False)
    assert made.stage()["cross"]["sources"] == ["camera", "gan"]
    again = shutil.copytree(unseen, tmp_path / "moved")
    moved = (str(again / "gan"), f"camera={again / 'photos'}")
    assert train(config, dataset, str(backbone), out, cross=moved, resume=True).facts == made.facts
    next((again / "gan").rglob("*.png")).unlink()
    for other in ((), moved):
        with pytest.raises(ConfigurationError, match="started with, or name another --out"):
            train(config, dataset, str(backbone), out, cross=other, resume=True)


def test_a_second_stage_remembers_the_first(run: Run, dataset: Path, tmp_path: Path) -> None:
    """A run that starts from another's model keeps its backbone and tells of both stages."""
    config = TINY.model_copy(update={"epochs": 1, "seed": 8})
    second = train(config, dataset, str(run.model), tmp_path / "second", resume=False)
    assert second.facts["backbone"] == run.facts["backbone"]
    assert [stage["seed"] for stage in second.facts["earlier_stages"]] == [TINY.seed]
    assert second.facts["earlier_stages"][0] == run.stage()


def test_resuming_with_another_configuration_is_refused(
    run: Run, dataset: Path, backbone: Path
) -> None:
    """A run goes on as it began, or not at all."""
    other = TINY.model_copy(update={"seed": 99})
    with pytest.raises(ConfigurationError, match="another configuration"):
        train(other, dataset, str(backbone), run.folder, resume=True)


def test_a_published_version_is_what_its_card_says(run: Run, version: Path) -> None:
    """The loaded version gives the card's test AUC again, from the images' bytes."""
    files = Registry(version.parent).verify("drawn-1")
    detector = Detector.load(version, device="cpu")
    items = PreparedDataset.read(run.dataset).split("test")
    block = np.concatenate(
        [detector.prepare(Path(path).read_bytes()).pixels for path in items["path"]]
    )
    margins = detector.forward(block)
    reals, fakes = (margins[items["label"] == number] for number in (0, 1))
    auc = np.mean(fakes[:, None] > reals[None, :])
    assert files.card["metrics"]["test"]["auc"] == pytest.approx(auc)
    assert files.card["data"]["fingerprint"] == run.facts["dataset_fingerprint"]
    assert files.card["calibration"] == detector.calibration.to_dict()
    counted = files.card["score_distributions"]
    assert {name: sum(counts) for name, counts in counted.items()} == {
        "real": len(reals),
        "fake": len(fakes),
    }


def test_a_card_holds_no_path_of_the_machine(version: Path, drawn: Path) -> None:
    """What is published names sources, never folders."""
    for name in ("card.json", "card.md", "config.json", "preprocessing.json"):
        text = (version / name).read_text()
        assert str(drawn.parent) not in text
        assert drawn.anchor + drawn.parts[1] not in text


def test_a_card_reports_unseen_sources_apart(version: Path) -> None:
    """Fakes-only and reals-only sources are measured alone, without NaN, and as a pair."""
    unseen = json.loads((version / "card.json").read_bytes())["metrics"]["unseen_sources"]
    assert set(unseen["sources"]) == {"gan", "camera"}
    assert unseen["sources"]["camera"]["auc"] is None
    assert unseen["pairs"]["gan vs camera"]["auc"] is not None
    assert "of camera, " in (version / "card.md").read_text()


def test_each_publication_is_a_version_of_its_own(run: Run, version: Path) -> None:
    """Publishing again takes the next number and leaves the first alone."""
    before = (version / "SHA256SUMS").read_bytes()
    assert publish(run.folder, "drawn", version.parent, cross=()).name == "drawn-2"
    assert (version / "SHA256SUMS").read_bytes() == before


def test_a_version_may_be_of_any_size_unless_it_is_told(run: Run, tmp_path: Path) -> None:
    """`--max-mb` refuses a larger one, and then the registry stays empty."""
    words = ["publish", "--run", str(run.folder), "--name", "drawn", "--registry", str(tmp_path)]
    with pytest.raises(ConfigurationError, match="raise --max-mb"):
        publish(run.folder, "drawn", tmp_path, cross=(), max_bytes=10_000)
    assert Registry(tmp_path).list() == []
    done = CliRunner().invoke(cli.train, [*words, "--max-mb", "1"], catch_exceptions=False)
    assert "Published drawn-1" in done.output


def test_a_run_that_has_not_ended_is_not_published(run: Run, tmp_path: Path) -> None:
    """Without a best model there is nothing to publish, and the registry stays empty."""
    stopped = shutil.copytree(run.folder, tmp_path / "stopped")
    shutil.rmtree(stopped / "model")
    with pytest.raises(ConfigurationError, match="has not ended"):
        publish(stopped, "drawn", tmp_path / "registry", cross=())
    assert Registry(tmp_path / "registry").list() == []


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    """A folder without run.json is named in a sentence."""
    with pytest.raises(ModelUnavailableError, match="not a training run"):
        publish(tmp_path, "drawn", tmp_path / "registry", cross=())


def test_the_commands_say_what_they_did(
    drawn: Path, tmp_path: Path, version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`prepare` sums up what it kept; `evaluate` prints a table and says where it wrote."""
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*words: str) -> str:
        return CliRunner().invoke(cli.train, words, catch_exceptions=False).output

    told = invoke(
        "prepare", "--data", str(drawn), "--out", str(tmp_path / "data"), "--faces", "off"
    )
    assert "Kept 60 of 60 files" in told
    told = invoke(
        "evaluate", "--model", str(version), "--data", str(tmp_path / "data"),
        "--out", str(tmp_path / "measured"),
    )  # fmt: skip
    assert "drawn" in told
    assert (tmp_path / "measured" / "evaluation.json").exists()


def test_autoencoders_learn_at_least_a_step(dataset: Path) -> None:
    """`--steps 0` is refused before anything is written."""
    words = ["reconstruct", "--data", str(dataset), "--steps", "0"]
    done = CliRunner().invoke(cli.train, words)
    assert done.exit_code == 2
    assert "--steps" in done.output
    assert not (dataset / "reconstructed").exists()


def test_a_preparation_is_told_as_json(drawn: Path, tmp_path: Path) -> None:
    """What report.json has, and where it lies, in one line of standard output."""
    out = tmp_path / "data"
    words = ("prepare", "--data", str(drawn), "--out", str(out), "--faces", "off", "--json")
    told = json.loads(CliRunner().invoke(cli.train, words, catch_exceptions=False).stdout)
    assert told.pop("folder") == str(out)
    assert told == json.loads((out / "report.json").read_bytes())
