"""What tells labels and datasets apart without looking at a face, as AUCs.

A network learns the easiest difference first. Where small classifiers, cross-validated by group,
find one in the file or around the face, a detector would learn that, and fail on other files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

TELLING_AUC = 0.65
MOST, FEWEST = 2000, 30  # images of a side that are looked at, and that are needed
FOLDS = 3
TRAITS = {
    "file size": ["size_bytes"],
    "dimensions": ["width", "height"],
    "JPEG quality": ["jpeg_quality"],
}
BLANK, PICTURE = "what lies around the face", "the coarse picture"


@dataclass(frozen=True)
class Probe:
    """How well `trait` alone tells the two sides apart: 0.5 not at all, 1 without a fault."""

    where: str
    trait: str
    first: str
    second: str
    n: int
    auc: float

    @property
    def is_telling(self) -> bool:
        """Whether a detector could learn it instead of the face."""
        return self.auc >= TELLING_AUC

    def to_dict(self) -> dict[str, Any]:
        """Return the probe for JSON."""
        return {**asdict(self), "telling": self.is_telling}


def warn(probes: Iterable[Probe]) -> Iterator[str]:
    """Yield a sentence for each two sides that something tells apart, the most telling first."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in sorted(probes, key=lambda probe: -probe.auc):
        if one.is_telling:
            sides = one.where, one.first, one.second
            found.setdefault(sides, []).append(f"{one.trait} (AUC {one.auc:.2f})")
    for (where, first, second), traits in found.items():
        by = ", ".join(traits)
        yield f"Take care: in {where}, {first} is told from {second} without a face, by {by}."


def run_probes(
    items: pd.DataFrame,
    pictures: NDArray[np.uint8],
    blanks: NDArray[np.uint8],
    *,
    seed: int,
) -> Iterator[Probe]:
    """Yield what tells the labels apart, in each dataset and in all, and the datasets' reals.

    `pictures` and `blanks` are the features of each row, `training.traits`.
    """
    features = {
        **{name: items[columns].to_numpy(np.float64) for name, columns in TRAITS.items()},
        BLANK: blanks,
        PICTURE: pictures,
    }
    labels, groups = items["label"].to_numpy(), items["group"].to_numpy()
    names = list(dict.fromkeys(items["dataset"]))
    parts = {name: (items["dataset"] == name).to_numpy() for name in names}
    everywhere = {"all datasets": np.ones(len(items), bool)} if len(names) > 1 else {}
    for where, part in {**everywhere, **parts}.items():
        for trait in (*TRAITS, BLANK):
            sides = part & (labels == 0), part & (labels == 1)
            yield from _probe(where, trait, ("real", "fake"), sides, features[trait], groups, seed)
    for one, other in combinations(names, 2):
        sides = parts[one] & (labels == 0), parts[other] & (labels == 0)
        for trait in (*TRAITS, PICTURE):
            named = (one, other)
            yield from _probe("the reals", trait, named, sides, features[trait], groups, seed)


def _classifier(trait: str, seed: int) -> Pipeline | DecisionTreeClassifier:
    """A tree for the few numbers of a file, a regression for the many of a picture."""
    if trait in TRAITS:
        return DecisionTreeClassifier(max_depth=4, min_samples_leaf=10, random_state=seed)
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))


def _probe(
    where: str,
    trait: str,
    names: tuple[str, str],
    sides: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    features: NDArray[Any],
    groups: NDArray[np.int64],
    seed: int,
) -> Iterator[Probe]:
    """Yield the probe, unless a side has too few images or groups to say anything."""
    random = np.random.default_rng(seed)
    chosen = [np.flatnonzero(side) for side in sides]
    if any(len(side) < FEWEST or len(np.unique(groups[side])) < FOLDS for side in chosen):
        return
    chosen = [random.permutation(side)[:MOST] for side in chosen]
    rows = np.concatenate(chosen)
    second = np.repeat([0, 1], [len(side) for side in chosen])
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    aucs = []
    for seen, unseen in folds.split(rows, second, groups[rows]):
        if len(set(second[seen])) == len(set(second[unseen])) == 2:
            classifier = _classifier(trait, seed).fit(features[rows[seen]], second[seen])
            scores = np.asarray(classifier.predict_proba(features[rows[unseen]]))[:, 1]
            aucs.append(roc_auc_score(second[unseen], scores))
    if aucs:
        yield Probe(where, trait, *names, len(rows), round(float(np.mean(aucs)), 4))
