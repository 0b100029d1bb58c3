"""What the commands tell a person on the terminal."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def summarize_dataset(folder: Path, report: dict[str, Any]) -> None:
    """Print what a preparation read, kept, left out, and found suspicious."""
    console = Console()
    for source in report["sources"]:
        console.print(
            f"{source['name']}: read as {source['layout']}, "
            f"{source['found']:,} of {source['listed']:,} listed paths found."
        )
    table = Table("dataset", "label", "split", "images")
    for row in report["counts"]:
        table.add_row(row["dataset"], row["label"], row["split"], f"{row['n']:,}")
    console.print(table)
    console.print(
        f"Kept {report['kept']:,} of {report['files']:,} files in {folder}, "
        f"{report['groups']:,} groups."
    )
    for reason, count in report["dropped_by_reason"].items():
        console.print(f"Left out {count:,}: {reason}.")
    for warning in report["warnings"]:
        console.print(warning, markup=False)
    console.print(f"Fingerprint {report['fingerprint'][:16]}.")
