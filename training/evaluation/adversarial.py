"""How a model does under attack: white box, by transfer, and when the picture is encoded again.

The attacked pixels are those that the network is given, so a change that the preprocessing would
smooth away is not counted as harmless; a real attacker must get through it as well.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from training.evaluation.attacks import Margins, fgsm, pgd
from training.evaluation.model_under_test import ModelUnderTest
from training.evaluation.robustness import draw_sample
from training.evaluation.rows import COMPARED, choose, measure_table, tabulate
from training.evaluation.undoing import UNDOINGS, Pixels
from training.metrics import Measurement
from training.progress import track
from training.scoring import Scored, largest_margins, prepare_files

EPSILONS = (1, 2, 4, 8)  # steps of 255
METHODS = ("FGSM", "PGD")
ITSELF = "the model itself"
BATCH_SIZE = 8  # images whose gradients are held at a time


@dataclass(frozen=True)
class Attack:
    """A method (empty: none), how far it may go, and whose gradients it follows."""

    method: str = ""
    epsilon: int = 0
    by: str = ""


@dataclass(frozen=True)
class AttackPoint:
    """One set of images after an attack, and after what may undo it (empty: nothing)."""

    attack: Attack
    undoing: str
    name: str
    measurement: Measurement

    def to_dict(self) -> dict[str, Any]:
        """Return the point for JSON."""
        one = self.measurement
        return {
            "method": self.attack.method or "none",
            "epsilon": self.attack.epsilon,
            "by": self.attack.by,
            "undoing": self.undoing,
            "name": self.name,
            "n": one.n,
            "auc": one.auc,
            "accuracy": one.accuracy,
            "recall": one.recall,
            "false_fake_rate": one.false_fake_rate,
        }


@dataclass(frozen=True)
class Adversarial:
    """Every point, those without an attack first; `n` images were attacked."""

    n: int
    surrogate: str
    points: tuple[AttackPoint, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the points for JSON."""
        points = [point.to_dict() for point in self.points]
        return {"n": self.n, "surrogate": self.surrogate, "points": points}


def measure_adversarial(
    items: pd.DataFrame,
    model: ModelUnderTest,
    *,
    per_dataset: int,
    seed: int,
    surrogate: ModelUnderTest | None = None,
) -> Adversarial:
    """Attack at most `per_dataset` images of each dataset, and measure what the model says then.

    Of several faces in an image, all are attacked. A surrogate is shown what the model is given,
    resampled to its own size. Images without a score are left out.
    """
    sample = draw_sample(items, per_dataset, seed)
    squares = _prepare(sample["path"].tolist(), model)
    sample = sample.iloc[[place for place, one in enumerate(squares) if one is not None]]
    stacks = [one for one in squares if one is not None]
    attackers = {ITSELF: _margins(model)}
    if surrogate:
        attackers[surrogate.name] = _margins(surrogate)
    attacks = [Attack(), *(Attack(*one) for one in product(METHODS, EPSILONS, attackers))]
    margins = {one: np.zeros(len(sample), np.float32) for one in product(attacks, UNDOINGS)}
    labels = sample["label"].to_numpy(np.int64)
    work = list(product(range(0, len(stacks), BATCH_SIZE), attacks))
    for start, attack in track(work, description="Attacking"):
        chosen = slice(start, start + BATCH_SIZE)
        attacked = _attack(attack, attackers, stacks[chosen], labels[chosen], seed + start)
        for undoing, undo in UNDOINGS.items():
            changed = [np.stack([undo(square) for square in stack]) for stack in attacked]
            margins[attack, undoing][chosen] = largest_margins(changed, model.engine)
    points = []
    for (attack, undoing), found in margins.items():
        known = sample.assign(margin=found, reason="", sha256="")
        table = tabulate(Scored(known, model.spec.faces), model.calibration)
        points += [
            AttackPoint(attack, undoing, name, measure_table(rows, model.calibration.threshold))
            for by, name, rows in choose(table)
            if by in COMPARED
        ]
    return Adversarial(len(sample), surrogate.name if surrogate else "", tuple(points))


def _prepare(paths: Sequence[str], model: ModelUnderTest) -> list[Pixels | None]:
    """Return what the network is given of each file, uint8 [k, 3, s, s]; None without a score."""
    with ThreadPoolExecutor() as pool:
        batches = list(prepare_files(paths, model.spec, pool))
    return [one.prepared.pixels if one.prepared else None for batch in batches for one in batch]


def _margins(model: ModelUnderTest) -> Margins:
    """Return the model as a function of float pixels [n, 3, s, s] of any size, on its device."""
    network, size = model.network(), (model.spec.size, model.spec.size)
    device = torch.device(model.engine.device)

    def margins(pixels: torch.Tensor) -> torch.Tensor:
        shown = pixels.to(device)
        if shown.shape[-2:] != size:
            shown = interpolate(shown, size, mode="bicubic", antialias=True, align_corners=False)
        return network(shown)

    return margins


def _attack(
    attack: Attack,
    attackers: dict[str, Margins],
    stacks: Sequence[Pixels],
    labels: NDArray[np.int64],
    seed: int,
) -> list[Pixels]:
    """Return the attacked squares of each image."""
    if not attack.method:
        return list(stacks)
    faces = [len(stack) for stack in stacks]
    pixels = torch.from_numpy(np.concatenate(stacks))
    of_square = torch.from_numpy(np.repeat(labels, faces))
    margins, epsilon = attackers[attack.by], attack.epsilon
    if attack.method == "FGSM":
        attacked = fgsm(margins, pixels, of_square, epsilon)
    else:
        attacked = pgd(margins, pixels, of_square, epsilon, seed=seed)
    return np.split(attacked.cpu().numpy(), np.cumsum(faces)[:-1])
