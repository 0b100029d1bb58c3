"""Fine-tunes a ViT on a prepared dataset, with Transformers' Trainer.

    fakesweep train run --config training/configs/vit-small.yaml --data datasets/faces --out runs/a

On several GPUs: `torchrun --nproc_per_node 4 -m training.cli run ...`, with the same options.
Reads from top to bottom: load, choose what learns, tell the Trainer, train, keep the best epoch.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from torch.optim import AdamW
from transformers import (
    EarlyStoppingCallback,
    TrainerState,
    TrainingArguments,
    ViTForImageClassification,
    set_seed,
    trainer,
)

from core.errors import ConfigurationError, DatasetError
from detector.preprocess import PreprocessingSpec
from detector.vit import load_vit, side_of
from training.config import TrainingConfig
from training.dataset import PreparedDataset
from training.examples import TrainingExamples
from training.head import fit_head
from training.loop import Average, AveragingTrainer
from training.network import FineTuned, choose_weights, keep_layers
from training.plots import draw_curves
from training.provenance import code_version, describe_backbone, library_versions
from training.pseudo.reconstruction import with_reconstructions
from training.resuming import Checkpoint, newest_checkpoint
from training.run import HISTORY, RUN, Run
from training.selection import Selection, build_selection, describe_cross, gather_cross


def train(
    config: TrainingConfig,
    data: Path,
    backbone: str,
    out: Path,
    *,
    cross: Sequence[str] = (),
    resume: bool,
) -> Run:
    """Train, or go on with a run that was stopped, and return it with its best model written.

    The best epoch is the one that does best on the `cross` images, `[NAME=]DIR`s of sources that
    are not trained on; without them, on validation images.

    A run that has ended is returned as it is when it is to go on.

    Raises ConfigurationError, DatasetError and ModelUnavailableError before it trains.
    """
    dataset = PreparedDataset.read(data)
    if config.preprocessing.faces == "on" and not _has_faces(dataset):
        raise DatasetError(
            f"{data} was prepared without faces, which the configuration trains on; prepare it "
            "with `--faces on`, or set `preprocessing: {faces: off}`."
        )
    set_seed(config.seed)  # a new head is drawn at random
    vit = load_vit(backbone, new_head=True)
    keep_layers(vit, config.adaptation.layers)
    spec = _spec(config, vit)
    others = gather_cross(cross, most=config.measured_images, seed=config.seed)
    facts = _facts(dataset, backbone, vit) | {"cross": describe_cross(others)}
    run = Run(out, config, spec, backbone, data.resolve(), facts)
    processes = PartialState(cpu=not torch.cuda.is_available())  # else none is seen on CPUs
    with processes.main_process_first():
        if processes.is_main_process:
            _start_or_resume(run, resume)
    if run.has_ended:
        return Run.read(run.folder)
    checkpoint = newest_checkpoint(run)
    selection = build_selection(
        dataset.split("validation"), others, spec, most=config.measured_images, seed=config.seed
    )
    items = with_reconstructions(dataset, config.sampling.fakes.reconstructed)
    network = FineTuned(vit, spec, config.adaptation.patch_dropout)
    examples = TrainingExamples(items, spec, config)
    if checkpoint is None:
        fit_head(
            network,
            examples,
            config.adaptation.head_examples,
            batch=config.batch_size * 2,
            processes=config.loader_processes,
        )
    average = Average(network, config.ema_decay)
    if checkpoint:
        average.load(checkpoint.folder)
    loop = _loop(run, network, average, examples, selection, checkpoint)
    loop.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
    if loop.is_world_process_zero():
        _keep_best(run, vit, average, loop.state)
    return run


def is_first_process() -> bool:
    """Return whether this process speaks for all that train together, or is the only one."""
    return PartialState().is_main_process


def _loop(
    run: Run,
    network: FineTuned,
    average: Average,
    examples: TrainingExamples,
    selection: Selection,
    checkpoint: Checkpoint | None,
) -> AveragingTrainer:
    config = run.config
    stopping, epochs = EarlyStoppingCallback(config.patience), config.epochs
    if checkpoint:
        stopping.early_stopping_patience_counter = checkpoint.waited
        if checkpoint.waited >= config.patience:
            epochs = checkpoint.epochs  # it was stopped early: all that is left is to keep the best
    groups = choose_weights(
        network,
        config.adaptation,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
    )
    # Transformers takes a folder `datasets` on the import path for the library of that name.
    trainer.is_datasets_available = lambda: False  # pyright: ignore[reportPrivateImportUsage]
    return AveragingTrainer(
        model=network,
        args=_arguments(run, epochs),
        train_dataset=examples,
        eval_dataset=selection.images,
        compute_metrics=selection.measure,
        optimizers=(AdamW(groups), None),
        average=average,
        callbacks=[stopping],
    )


def _keep_best(
    run: Run, vit: ViTForImageClassification, average: Average, state: TrainerState
) -> None:
    """Write the best epoch's model, whose weights the Trainer put back, and how it all went."""
    if state.best_model_checkpoint:
        average.load(Path(state.best_model_checkpoint))
        average.exchange()
    vit.save_pretrained(run.model)
    (run.folder / HISTORY).write_text(json.dumps(state.log_history, indent=2) + "\n")
    draw_curves(state.log_history, run.folder / "curves.png")


def _has_faces(dataset: PreparedDataset) -> bool:
    return any(len(landmarks) for landmarks in dataset.items["landmarks"])


def _spec(config: TrainingConfig, vit: ViTForImageClassification) -> PreprocessingSpec:
    return PreprocessingSpec(size=side_of(vit), **config.preprocessing.model_dump())


def supports_bf16() -> bool:
    """Return whether the device computes in bfloat16, rather than emulating it."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def _arguments(run: Run, epochs: int) -> TrainingArguments:
    config = run.config
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(run.folder / "logs")
    return TrainingArguments(
        output_dir=str(run.checkpoints),
        num_train_epochs=epochs,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size * 2,
        gradient_accumulation_steps=config.accumulation,
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
        metric_for_best_model="score",
        greater_is_better=True,
        logging_steps=10,
        report_to="tensorboard",
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_num_workers=config.loader_processes,
        dataloader_pin_memory=torch.cuda.is_available(),
        ddp_find_unused_parameters=False,
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
        "earlier_stages": before.stages if before else [],
        "libraries": library_versions(),
        **code_version(),
    }


def _start_or_resume(run: Run, resume: bool) -> None:
    """Write the run down; raises ConfigurationError when there is another, or none to resume."""
    exists = (run.folder / RUN).exists()
    if exists and not resume:
        raise ConfigurationError(
            f"{run.folder} holds a run already; go on with it by --resume or name another --out."
        )
    if exists:
        Run.read(run.folder).require_same(run)
    else:
        run.write()
