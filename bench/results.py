"""Keeps what a measurement showed under `bench/results`, with the machine and every version."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from bench import machine

FOLDER = Path(__file__).parent / "results"


def keep(name: str, measured: dict[str, Any], text: str) -> None:
    """Write `name.json` for programs and `name.md` for people; the newest run stays."""
    FOLDER.mkdir(exist_ok=True)
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "command": " ".join(sys.orig_argv[1:]),
        **measured,
        "versions": dict(sorted((one.name, one.version) for one in distributions())),
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    (FOLDER / f"{name}.md").write_text(text + "\n")


def as_printed(lines: Sequence[str]) -> str:
    """Return what was printed as Markdown that keeps its line breaks."""
    return "\n\n".join(f"```\n{each}\n```" for each in lines)
