"""An ended run with a second head, on the class token in the middle of its network.

The network stays as it is. The new head is a logistic regression. The margins of both are divided
by their deviation, so that they speak the same language, and those of the new one are lowered by
its `caution`: it decides where it is sure and leaves the rest to the last head.
"""

from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import ConfigurationError, DatasetError
from detector.early_head import EarlyHeadViT, with_early_head
from detector.vit import FAKE, LABELS, load_vit
from training.dataset import PreparedDataset
from training.examples import TrainingExamples
from training.head import batches_of, features_of, fit_linear
from training.network import FineTuned
from training.provenance import code_version, library_versions
from training.pseudo.reconstruction import with_reconstructions
from training.run import RUN, Run

REGULARIZATION = 3e-4  # C of scikit-learn; from 1e-4 to 1e-3 it made no difference to speak of
REAL = next(index for index in LABELS if index != FAKE)


def add_early_head(folder: Path, out: Path, *, layer: int, examples: int, caution: float) -> Run:
    """Write a run whose network is that of an ended run, with a head after `layer`; return it.

    The head is fitted to so many examples, drawn as the run drew its own. `caution` is how many
    deviations its margins are lowered by, beside those of the last head. Raises ConfigurationError,
    DatasetError and ModelUnavailableError, and then writes nothing.
    """
    origin = Run.read(folder)
    origin.require_ended()
    if (out / RUN).exists():
        raise ConfigurationError(f"{out} holds a run already; name another --out.")
    vit = with_early_head(load_vit(origin.model), layer)
    _fit(vit, origin, examples, caution)
    facts = {
        **origin.facts,
        **code_version(),
        "libraries": library_versions(),
        "earlier_stages": origin.stages,
        "early_head": {
            "run": origin.folder.resolve().name,
            "layer": layer,
            "examples": examples,
            "caution": caution,
            "regularization": REGULARIZATION,
        },
    }
    made = Run(out, origin.config, origin.spec, origin.backbone, origin.dataset, facts)
    made.write()
    vit.save_pretrained(made.model)
    return made


def _fit(vit: EarlyHeadViT, run: Run, count: int, caution: float) -> None:
    network = FineTuned(vit, run.spec)

    def read(pixels: torch.Tensor) -> torch.Tensor:
        """Return the class token after the layer, and the margin of the last head behind it."""
        noted: list[torch.Tensor] = []
        last = vit.vit(pixel_values=pixels, noted=noted).last_hidden_state[:, 0]
        logits = vit.classifier(last)
        return torch.cat([noted[0], logits[:, FAKE, None] - logits[:, REAL, None]], 1)

    config = run.config
    dataset = PreparedDataset.read(run.dataset)
    items = with_reconstructions(dataset, config.sampling.fakes.reconstructed)
    shown = batches_of(
        TrainingExamples(items, run.spec, config),
        count,
        config.batch_size * 2,
        config.loader_processes,
    )
    found, labels = features_of(network, read, shown, count, what="Fitting the early head")
    tokens, margins = found[:, :-1], found[:, -1]
    weight, _ = fit_linear(tokens, labels, more="--examples ...", regularization=REGULARIZATION)
    early, last = _Margins.of(tokens @ weight, labels), _Margins.of(margins, labels)
    for head, of_head in (("early", early), ("last", last)):
        if not of_head.deviation > 0:
            raise DatasetError(
                f"The {head} head says the same of all {len(labels):,} examples, so the two cannot "
                "be weighed against each other; name another --layer, or a run that has learned."
            )
    _write(vit, weight, early, last, caution)
    vit.cpu()


class _Margins(NamedTuple):
    """What a head says of the examples: the median of the real ones, and the deviation of all."""

    of_reals: float
    deviation: float

    @classmethod
    def of(cls, margins: NDArray[np.float64], labels: NDArray[np.int64]) -> Self:
        return cls(float(np.median(margins[labels == REAL])), float(np.std(margins)))


@torch.no_grad()
def _write(
    vit: EarlyHeadViT, weight: NDArray[np.float64], early: _Margins, last: _Margins, caution: float
) -> None:
    """Set the early head so that, for the median real, it is `caution` below the last one."""
    for own in vit.classifier.parameters():
        own /= last.deviation
    vit.early_classifier.weight[0] = torch.as_tensor(weight / early.deviation)
    vit.early_classifier.bias[0] = (
        last.of_reals / last.deviation - early.of_reals / early.deviation - caution
    )
