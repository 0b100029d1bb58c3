"""`fakesweep train evaluate`: parses, calls one function, tells; imports no torch before that."""

from pathlib import Path
from typing import Literal

import click

from core.json_lines import echo_json, json_option
from core.settings import load_settings
from training.layouts.listing import DEFAULT_FRAMES


@click.command()
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
    "--split",
    type=click.Choice(["train", "validation", "test", "all"]),
    default="test",
    show_default=True,
    help="What is measured of data that has splits.",
)
@click.option(
    "--frames",
    type=click.IntRange(1),
    default=DEFAULT_FRAMES,
    show_default=True,
    help="At most so many of each video; a prepared dataset keeps its own.",
)
@click.option(
    "--faces",
    type=click.Choice(["auto", "off"]),
    default="auto",
    show_default=True,
    help="Score what the model was made for, or whole images.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the report.")
@click.option("--robustness", is_flag=True, help="Measure on changed pictures too.")
@click.option(
    "--robustness-images",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Of each dataset, at most.",
)
@click.option("--adversarial", is_flag=True, help="Measure under attack too.")
@click.option(
    "--adversarial-images",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Of each dataset, at most.",
)
@click.option("--surrogate", default="", help="Model whose attacks are tried on this one.")
@click.option(
    "--gallery",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Thumbnails of so many errors of each label in the report.",
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
def evaluate(
    model: str,
    data: tuple[str, ...],
    split: str,
    frames: int,
    faces: Literal["auto", "off"],
    out: Path | None,
    robustness: bool,
    robustness_images: int,
    adversarial: bool,
    adversarial_images: int,
    surrogate: str,
    gallery: int,
    rounds: int,
    seed: int,
    device: str,
    registry: Path | None,
    as_json: bool,
) -> None:
    """Measure a run or a model version, by dataset, method and source."""
    from training.evaluate import Options, evaluate_model  # noqa: PLC0415 - start-up time
    from training.evaluation.summary import summarize_evaluation  # noqa: PLC0415 - start-up time

    if surrogate and not adversarial:
        raise click.UsageError("--surrogate is a model to attack with; add --adversarial.")
    if gallery and out is None:
        raise click.UsageError("--gallery puts thumbnails into the report; name its folder: --out.")
    options = Options(
        split=split,
        frames=frames,
        faces=faces,
        device=device,
        rounds=rounds,
        seed=seed,
        robustness_images=robustness_images if robustness else 0,
        adversarial_images=adversarial_images if adversarial else 0,
        surrogate=surrogate,
        gallery=gallery,
    )
    where = registry or load_settings().registry_dir
    findings = evaluate_model(model, data, registry=where, out=out, options=options)
    if as_json:
        echo_json(findings.to_dict())
        return
    summarize_evaluation(findings, out)
