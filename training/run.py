"""A run on disk: what it was told, where it came from, its checkpoints and its best model.

runs/NAME/  run.json  checkpoints/  logs/ (TensorBoard)  history.json  curves.png  model/ (best)
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from core.errors import ConfigurationError, ModelUnavailableError
from detector.preprocess import PreprocessingSpec
from training.config import TrainingConfig

RUN = "run.json"
HISTORY = "history.json"
DERIVATIONS = frozenset({"mean_of", "early_head"})  # facts of runs that are made of others


@dataclass(frozen=True)
class Run:
    """One training execution; `facts` holds its data, backbone, code and library versions."""

    folder: Path
    config: TrainingConfig
    spec: PreprocessingSpec
    backbone: str
    dataset: Path
    facts: dict[str, Any]

    @property
    def checkpoints(self) -> Path:
        """Where the state after each epoch is kept."""
        return self.folder / "checkpoints"

    @property
    def model(self) -> Path:
        """Where the best epoch's model is kept; there once the run has ended."""
        return self.folder / "model"

    @property
    def history(self) -> list[dict[str, Any]]:
        """What the Trainer logged; there once the run has ended."""
        return json.loads((self.folder / HISTORY).read_bytes())

    @property
    def stages(self) -> list[dict[str, Any]]:
        """How the weights came about, for a card: a derived run has its origins' stages only."""
        earlier = self.facts.get("earlier_stages", [])
        return earlier if self.is_derived else [*earlier, self.stage()]

    @property
    def is_derived(self) -> bool:
        """Whether it was made of ended runs (`training.merging`, `training.early_head`)."""
        return not DERIVATIONS.isdisjoint(self.facts)

    @property
    def has_ended(self) -> bool:
        """Whether it trained to the end, and its model and its history are there."""
        return self.model.is_dir() and (self.folder / HISTORY).exists()

    def stage(self) -> dict[str, Any]:
        """Return how this run went, for a model card; there once the run has ended."""
        epochs = [entry for entry in self.history if "eval_auc" in entry]
        best = max(epochs, key=lambda entry: entry.get("eval_score", entry["eval_auc"]))
        return {
            "seed": self.config.seed,
            "git_commit": self.facts["git_commit"],
            "git_changed": self.facts["git_changed"],
            "dataset_fingerprint": self.facts["dataset_fingerprint"],
            "libraries": self.facts["libraries"],
            "config": self.config.model_dump(mode="json", exclude={"card"}),
            "epochs_run": len(epochs),
            "best_epoch": round(best["epoch"]),
            "best_validation_auc": best["eval_auc"],
            "cross": self.facts.get("cross"),
        }

    def write(self) -> None:
        """Write the run down before it starts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {
            "config": self.config.model_dump(mode="json"),
            "preprocessing": self.spec.to_dict(),
            "backbone": self.backbone,
            "dataset": str(self.dataset),
            "facts": self.facts,
        }
        (self.folder / RUN).write_text(json.dumps(content, indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a run that was started; raises ModelUnavailableError."""
        try:
            stored = json.loads((folder / RUN).read_bytes())
            return cls(
                folder,
                TrainingConfig.model_validate(stored["config"]),
                PreprocessingSpec.from_dict(stored["preprocessing"]),
                stored["backbone"],
                Path(stored["dataset"]),
                stored["facts"],
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelUnavailableError(
                f"{folder} is not a training run ({error}); start one with `train run`."
            ) from error

    def require_ended(self) -> None:
        """Raise ConfigurationError while there is no model of it yet."""
        if not self.model.is_dir():
            raise ConfigurationError(
                f"The run in {self.folder} has not ended; let it end, or go on with it by --resume."
            )

    def require_same(self, other: Self) -> None:
        """Raise ConfigurationError when resuming would go on with other settings or data."""
        if self.is_derived:
            raise ConfigurationError(
                f"The run in {self.folder} was made of others, and has no training to go on with."
            )
        mine, theirs = self.facts["dataset_fingerprint"], other.facts["dataset_fingerprint"]
        if self.config != other.config or self.backbone != other.backbone or mine != theirs:
            raise ConfigurationError(
                f"The run in {self.folder} was started with another configuration, backbone or "
                "dataset; resume it with the ones it has, or name another --out."
            )
        if self.facts.get("cross", other.facts.get("cross")) != other.facts.get("cross"):
            raise ConfigurationError(
                f"The run in {self.folder} chooses its best epoch by other images; resume it with "
                "the --cross that it was started with, or name another --out."
            )
