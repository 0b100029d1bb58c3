"""Fine-tunes every layer of a ViT on a prepared dataset, with Transformers' Trainer.

    fakesweep train run --config training/configs/vit-small.yaml --data datasets/faces --out runs/a

Reads from top to bottom: load, tell the Trainer, train, keep the epoch with the best AUC.
"""

import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    Trainer,
    TrainingArguments,
    ViTForImageClassification,
    set_seed,
    trainer,
)

from core.errors import ConfigurationError
from detector.preprocess import PreprocessingSpec
from detector.vit import LABELS, Normalize, load_vit, side_of
from training.config import TrainingConfig
from training.dataset import Examples, PreparedDataset
from training.metrics import accuracy_and_auc
from training.plots import draw_curves
from training.provenance import code_version, describe_backbone, library_versions
from training.run import HISTORY, RUN, Run


class FineTuned(nn.Module):
    """The network as the Trainer sees it: uint8 pixels and labels in, loss and logits out."""

    def __init__(self, vit: ViTForImageClassification, spec: PreprocessingSpec) -> None:
        super().__init__()
        self.vit = vit
        self.normalize = Normalize(spec)

    def forward(self, pixels: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the mean cross-entropy and the logits, float32 [n, 2], of uint8 [n, 3, s, s]."""
        logits = self.vit(pixel_values=self.normalize(pixels)).logits.float()
        return {"loss": cross_entropy(logits, labels), "logits": logits}


def train(config: TrainingConfig, data: Path, backbone: str, out: Path, *, resume: bool) -> Run:
    """Train, or go on with a run that was stopped, and return it with its best model written.

    Raises ConfigurationError, DatasetError or ModelUnavailableError before anything is trained.
    """
    dataset = PreparedDataset.read(data)
    set_seed(config.seed)  # a new head is drawn at random
    vit = load_vit(backbone, new_head=True)
    spec = PreprocessingSpec(
        size=side_of(vit),
        resampling=config.preprocessing.resampling,
        mean=config.preprocessing.mean,
        std=config.preprocessing.std,
    )
    run = Run(out, config, spec, backbone, data.resolve(), _facts(dataset, backbone, vit))
    checkpoint = _start_or_resume(run, resume)
    # Transformers takes a folder `datasets` on the import path for the library of that name.
    trainer.is_datasets_available = lambda: False  # pyright: ignore[reportPrivateImportUsage]
    loop = Trainer(
        model=FineTuned(vit, spec),
        args=_arguments(run),
        train_dataset=Examples(
            dataset.split("train"), spec, augmentation=config.augmentation, seed=config.seed
        ),
        eval_dataset=Examples(dataset.split("validation"), spec),
        compute_metrics=_measure,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=config.patience)],
    )
    loop.train(resume_from_checkpoint=checkpoint)
    vit.save_pretrained(run.model)  # the best epoch's weights, which the Trainer put back
    history = loop.state.log_history
    (out / HISTORY).write_text(json.dumps(history, indent=2) + "\n")
    draw_curves(history, out / "curves.png")
    return run


def supports_bf16() -> bool:
    """Return whether the device computes in bfloat16, rather than emulating it."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def _arguments(run: Run) -> TrainingArguments:
    config = run.config
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(run.folder / "logs")
    return TrainingArguments(
        output_dir=str(run.checkpoints),
        num_train_epochs=config.epochs,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size * 2,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        lr_scheduler_type="cosine",
        warmup_steps=config.warmup,  # a share below 1 is of all steps
        bf16=config.precision == "bf16" or (config.precision == "auto" and supports_bf16()),
        use_cpu=not torch.cuda.is_available(),
        seed=config.seed,
        data_seed=config.seed,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="auc",
        greater_is_better=True,
        logging_steps=10,
        report_to="tensorboard",
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_num_workers=config.loader_processes,
        dataloader_pin_memory=torch.cuda.is_available(),
    )


def _measure(outcome: EvalPrediction) -> dict[str, float]:
    fake = next(index for index, name in LABELS.items() if name == "fake")
    logits = torch.as_tensor(outcome.predictions)
    return accuracy_and_auc(
        (logits[:, fake] - logits[:, 1 - fake]).numpy(), torch.as_tensor(outcome.label_ids).numpy()
    )


def _facts(
    dataset: PreparedDataset, backbone: str, vit: ViTForImageClassification
) -> dict[str, Any]:
    """Say where the run comes from; a backbone that a run trained brings its stages along."""
    earlier = Path(backbone).parent
    before = Run.read(earlier) if (earlier / RUN).exists() else None
    return {
        "dataset_fingerprint": dataset.fingerprint,
        "backbone": before.facts["backbone"] if before else describe_backbone(backbone, vit),
        "earlier_stages": [*before.facts.get("earlier_stages", []), before.stage()]
        if before
        else [],
        "libraries": library_versions(),
        **code_version(),
    }


def _start_or_resume(run: Run, resume: bool) -> str | None:
    """Write the run down, or return the checkpoint to go on from; None starts at the beginning."""
    exists = (run.folder / RUN).exists()
    if exists and not resume:
        raise ConfigurationError(
            f"{run.folder} holds a run already; go on with it by --resume or name another --out."
        )
    if not exists:
        run.write()
        return None
    Run.read(run.folder).require_same(run)
    whole = [state.parent for state in run.checkpoints.glob("checkpoint-*/trainer_state.json")]
    newest = max(whole, key=lambda folder: int(folder.name.partition("-")[2]), default=None)
    return str(newest) if newest else None
