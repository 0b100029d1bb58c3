"""`fakesweep train compare-heatmaps`: parses, calls one function, tells; imports no torch first."""

from pathlib import Path
from typing import Literal

import click

from core.json_lines import echo_json, json_option
from core.settings import load_settings


@click.command("compare-heatmaps")
@click.option(
    "--model", required=True, help="Folder of a run or a model version, or an id of the registry."
)
@click.option(
    "--data",
    multiple=True,
    required=True,
    metavar="[real:|fake:][NAME=]PATH",
    help="Prepared dataset, or data in any known layout; may be given again.",
)
@click.option(
    "--images",
    type=click.IntRange(1),
    default=32,
    show_default=True,
    help="So many, of both labels and of every dataset alike.",
)
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test", "all"]),
    default="test",
    show_default=True,
    help="What is measured of data that has splits.",
)
@click.option(
    "--faces",
    type=click.Choice(["auto", "off"]),
    default="auto",
    show_default=True,
    help="Explain what the model was made for, or whole images.",
)
@click.option(
    "--rounds",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Of the bootstrap; 0 leaves the intervals out.",
)
@click.option("--seed", default=7, show_default=True, help="Decides what is drawn.")
@click.option("--device", default="auto", show_default=True, help="Such as cpu or cuda:0.")
@click.option(
    "--registry", type=click.Path(path_type=Path), help="Where ids are looked up, if elsewhere."
)
@json_option
def compare_heatmaps(
    model: str,
    data: tuple[str, ...],
    images: int,
    split: str,
    faces: Literal["auto", "off"],
    rounds: int,
    seed: int,
    device: str,
    registry: Path | None,
    as_json: bool,
) -> None:
    """Measure how faithful each way to make heatmaps is."""
    from training.evaluation.heatmaps import (  # noqa: PLC0415 - start-up time
        Options,
        compare_heatmaps,
    )
    from training.evaluation.heatmaps_summary import summarize_heatmaps  # noqa: PLC0415 - likewise

    options = Options(
        images=images, split=split, faces=faces, device=device, rounds=rounds, seed=seed
    )
    where = registry or load_settings().registry_dir
    found = compare_heatmaps(model, data, registry=where, options=options)
    if as_json:
        echo_json(found)
        return
    summarize_heatmaps(found)
