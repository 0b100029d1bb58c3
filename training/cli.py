"""`fakesweep train`: prepare, run, evaluate, publish. Parses, calls one function, tells.

What is heavy to import is imported when its command runs: `fakesweep --help` must not wait for
torch (4 s).
"""

import sys
from pathlib import Path
from typing import Literal

import click

from core.errors import FakesweepError
from core.json_lines import echo_json, json_option
from core.registry import CARD
from training.derivation import add_head, merge
from training.evaluation.command import evaluate
from training.evaluation.heatmaps_command import compare_heatmaps
from training.layouts.listing import DEFAULT_FRAMES

DEFAULT_BACKBONE = "google/vit-base-patch16-224-in21k"


@click.group()
def train() -> None:
    """Train, measure and publish your own detector."""


@train.command()
@click.option(
    "--data",
    multiple=True,
    required=True,
    metavar="[real:|fake:][NAME=]PATH",
    help="Folder or list in a known layout, or all of one label; may be given again.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New dataset folder.")
@click.option("--layout", default="auto", show_default=True, help="How the data lies on disk.")
@click.option(
    "--frames",
    type=click.IntRange(1),
    default=DEFAULT_FRAMES,
    show_default=True,
    help="At most so many of each video, evenly spaced.",
)
@click.option(
    "--faces",
    type=click.Choice(["on", "off"]),
    default="on",
    show_default=True,
    help="Find faces, and leave out images without one.",
)
@click.option(
    "--splits",
    type=click.Choice(["grouped", "official"]),
    default="grouped",
    show_default=True,
    help="Split by what is connected, or as the layout states.",
)
@click.option("--labels", default="", metavar="0=real,1=fake", help="What bare labels mean.")
@click.option("--seed", default=7, show_default=True, help="Decides the splits.")
@json_option
def prepare(
    data: tuple[str, ...],
    out: Path,
    layout: str,
    frames: int,
    faces: str,
    splits: Literal["grouped", "official"],
    labels: str,
    seed: int,
    as_json: bool,
) -> None:
    """Clean images and videos and split them, without touching them."""
    from training.layouts.catalogue import parse_sources  # noqa: PLC0415 - start-up time
    from training.layouts.labels import parse_label_names  # noqa: PLC0415 - start-up time
    from training.prepare import Options, prepare_dataset  # noqa: PLC0415 - start-up time
    from training.summaries import summarize_dataset  # noqa: PLC0415 - start-up time

    options = Options(layout, frames, faces == "on", splits, seed)
    done = prepare_dataset(parse_sources(data, parse_label_names(labels)), out, options)
    if as_json:
        echo_json({"folder": done.folder, **done.report})
        return
    summarize_dataset(done.folder, done.report)


@train.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Prepared dataset.")
@click.option(
    "--steps",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="Of each autoencoder's training.",
)
@click.option("--seed", default=7, show_default=True)
@json_option
def reconstruct(data: Path, steps: int, seed: int, as_json: bool) -> None:
    """Rebuild the real training images by autoencoders, as fakes for `train run`."""
    from training.dataset import PreparedDataset  # noqa: PLC0415 - start-up time
    from training.pseudo.reconstruction import (  # noqa: PLC0415 - start-up time
        reconstruct as reconstruct_dataset,
    )

    report = reconstruct_dataset(PreparedDataset.read(data), steps=steps, seed=seed)
    if as_json:
        echo_json(report)
        return
    errors = ", ".join(f"{kind} {psnr:.1f} dB" for kind, psnr in report["psnr_db"].items())
    click.echo(f"Rebuilt {report['images']:,} images ({errors}).")


@train.command()
@click.option("--config", type=click.Path(path_type=Path), required=True, help="YAML file.")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Prepared dataset.")
@click.option("--backbone", default=DEFAULT_BACKBONE, show_default=True, help="Hub id or folder.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the run.")
@click.option(
    "--cross",
    multiple=True,
    metavar="[NAME=]DIR",
    help="Images of other sources, to choose the best epoch by; may be given again.",
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint.")
@json_option
def run(
    config: Path,
    data: Path,
    backbone: str,
    out: Path,
    cross: tuple[str, ...],
    resume: bool,
    as_json: bool,
) -> None:
    """Fine-tune a ViT on a prepared dataset."""
    from training.config import read_config  # noqa: PLC0415 - start-up time
    from training.train import is_first_process  # noqa: PLC0415 - start-up time
    from training.train import train as train_model  # noqa: PLC0415 - start-up time

    done = train_model(read_config(config), data, backbone, out, cross=cross, resume=resume)
    if not is_first_process():
        return
    if as_json:
        echo_json({"run": out, "model": done.model, **done.stage()})
        return
    click.echo(
        f"The best model is in {done.model}; measure it with `train evaluate --model {out}`."
    )


for command in (evaluate, compare_heatmaps, merge, add_head):
    train.add_command(command)


@train.command()
@click.option("--run", type=click.Path(path_type=Path), required=True, help="Folder of the run.")
@click.option("--name", required=True, help="Name of the model; the version's number is added.")
@click.option("--registry", type=click.Path(path_type=Path), required=True, help="Its folder.")
@click.option(
    "--cross",
    multiple=True,
    metavar="[NAME=]DIR",
    help="Folder that was not trained on, for the card; may be given again.",
)
@click.option("--int8", is_flag=True, help="Add an int8 network for CPUs, if it scores alike.")
@click.option("--max-mb", type=click.IntRange(1), help="Refuse a version that is larger.")
@json_option
def publish(
    run: Path,
    name: str,
    registry: Path,
    cross: tuple[str, ...],
    int8: bool,
    max_mb: int | None,
    as_json: bool,
) -> None:
    """Calibrate and measure a run, and write it as an immutable model version."""
    from training.publish import publish as publish_run  # noqa: PLC0415 - start-up time

    max_bytes = None if max_mb is None else max_mb * 1_000_000
    folder = publish_run(run, name, registry, cross=cross, int8=int8, max_bytes=max_bytes)
    if as_json:
        echo_json({"model_version": folder.name, "folder": folder, "card": folder / CARD})
        return
    click.echo(f"Published {folder.name}; its card is {folder / 'card.md'}.")


def main() -> None:
    """Run the group alone: `python -m training.cli`; an error is a sentence and exit code 2."""
    try:
        train(prog_name="train")
    except FakesweepError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
