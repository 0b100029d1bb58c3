"""Where a run that was stopped goes on: its newest whole checkpoint, and what it had come to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import EarlyStoppingCallback, TrainerState

from training.run import Run

STATE = "trainer_state.json"


@dataclass(frozen=True)
class Checkpoint:
    """The state after an epoch: how many were trained, and how many of the last were no better."""

    folder: Path
    epochs: int
    waited: int


def newest_checkpoint(run: Run) -> Checkpoint | None:
    """Return the checkpoint to go on from; None starts at the beginning."""
    whole = [state.parent for state in run.checkpoints.glob(f"checkpoint-*/{STATE}")]
    newest = max(whole, key=lambda folder: int(folder.name.partition("-")[2]), default=None)
    if newest is None:
        return None
    state = TrainerState.load_from_json(str(newest / STATE))
    callbacks: Any = state.stateful_callbacks  # by their names, once they are read from JSON
    stopping = callbacks[EarlyStoppingCallback.__name__]
    return Checkpoint(
        newest,
        round(state.epoch or 0),
        stopping["attributes"]["early_stopping_patience_counter"],
    )
