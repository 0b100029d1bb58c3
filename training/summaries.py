"""What the commands tell a person on the terminal."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from training.card import summarize

TELLING_TRAIT_AUC = 0.6


def summarize_dataset(folder: Path, report: dict[str, Any]) -> None:
    """Print what a preparation kept, dropped, and found suspicious."""
    console = Console()
    table = Table("source", "label", "split", "images")
    for row in report["counts"]:
        table.add_row(row["source"], row["label"], row["split"], str(row["n"]))
    console.print(table)
    console.print(f"Kept {report['kept']:,} of {report['files']:,} files in {folder}.")
    for reason, count in report["dropped_by_reason"].items():
        console.print(f"Left out {count:,}: {reason}.")
    for trait in report["traits"]:
        if trait["auc"] >= TELLING_TRAIT_AUC:
            console.print(
                f"Take care: in {trait['source']}, {trait['trait']} alone tells the labels apart "
                f"with an AUC of {trait['auc']:.2f}; augmentation must hide it."
            )
    console.print(f"Fingerprint {report['fingerprint'][:16]}.")


def summarize_evaluation(evaluation: dict[str, Any], folder: Path | None) -> None:
    """Print each measurement as a row, and what could not be measured."""
    console = Console()
    table = Table("images", "n", "AUC", "accuracy", "precision", "recall", "F1", "reals flagged")
    table.add_row(*summarize("all", evaluation["overall"]))
    for name, one in [*evaluation["sources"].items(), *evaluation["pairs"].items()]:
        table.add_row(*summarize(name, one))
    console.print(table)
    if evaluation["overall"]["note"]:
        console.print(evaluation["overall"]["note"])
    if evaluation["unscored"]:
        console.print(f"Left out {evaluation['unscored']:,} files that are no usable images.")
    if folder:
        console.print(f"Written to {folder}.")
