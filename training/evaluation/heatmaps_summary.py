"""What `train compare-heatmaps` tells a person on the terminal."""

from rich import box
from rich.console import Console
from rich.table import Table

from training.evaluation.heatmaps import Comparison
from training.evaluation.numbers import between, listed, number


def summarize_heatmaps(found: Comparison) -> None:
    """Print a row for each method and kind of verdict, and what the columns say."""
    console = Console()
    table = Table(title=found.model, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("heatmap", overflow="fold")
    table.add_column("verdicts", overflow="fold")
    for heading in ("n", "deletion", "insertion", "gain", "95 %", "behind", "95 %", "s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in found.rows:
        table.add_row(
            row.method,
            row.verdict,
            f"{row.n:,}",
            number(row.deletion),
            number(row.insertion),
            number(row.gain),
            between(row.gain_interval),
            number(row.behind),
            between(row.behind_interval),
            f"{row.seconds:.2f}",
        )
    console.print(table)
    console.print(
        "Deletion: the score's area while the hottest cells are hidden first; low is good. "
        "Insertion: while they come back first; high is good. Gain: insertion less deletion. "
        "Behind: the best method's gain above this one's, on the same squares. "
        f"s: seconds for a heatmap on {found.device}, the median."
    )
    if found.unscored:
        console.print(f"Without a score: {listed(found.unscored)}.")
