"""`fakesweep train merge` and `add-head`: runs that are made of ended ones, without training."""

from pathlib import Path

import click

from core.json_lines import echo_json, json_option


@click.command()
@click.option(
    "--run",
    "runs",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Folder of an ended run; give two or more, of the same dataset and backbone.",
)
@click.option(
    "--part", "parts", type=float, multiple=True, help="Of each run, in their order; else equal."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the run.")
@json_option
def merge(runs: tuple[Path, ...], parts: tuple[float, ...], out: Path, as_json: bool) -> None:
    """Average the weights of runs into one model."""
    from training.merging import merge as merge_runs  # noqa: PLC0415 - start-up time

    done = merge_runs(runs, parts, out)
    if as_json:
        echo_json({"run": out, "model": done.model, "mean_of": done.facts["mean_of"]})
        return
    click.echo(f"The mean is in {done.model}; measure it with `train evaluate --model {out}`.")


@click.command("add-head")
@click.option("--run", type=click.Path(path_type=Path), required=True, help="Of an ended run.")
@click.option("--layer", type=click.IntRange(1), required=True, help="The head reads after it.")
@click.option(
    "--examples", type=click.IntRange(2), default=4096, show_default=True, help="To fit it to."
)
@click.option(
    "--caution",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="How much surer it has to be than the last head, in deviations of their margins.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the run.")
@json_option
def add_head(
    run: Path, layer: int, examples: int, caution: float, out: Path, as_json: bool
) -> None:
    """Add a head on a middle layer, which knows other sources better."""
    from training.early_head import add_early_head  # noqa: PLC0415 - start-up time

    done = add_early_head(run, out, layer=layer, examples=examples, caution=caution)
    if as_json:
        echo_json({"run": out, "model": done.model, "early_head": done.facts["early_head"]})
        return
    click.echo(f"The model is in {done.model}; measure it with `train evaluate --model {out}`.")
