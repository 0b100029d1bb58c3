"""Probes: what tells the labels apart beside the face, and what does not."""

import numpy as np
import pandas as pd
import pytest

from training.probes import PICTURE, TELLING_AUC, Probe, run_probes, warn
from training.traits import N_FEATURES

N = 400


def table(**columns: object) -> pd.DataFrame:
    """Return rows of one dataset, half of them fake, that are all alike beside the columns."""
    plain = {
        "dataset": "drawn",
        "label": np.arange(N) % 2,
        "group": np.arange(N),
        "size_bytes": 1000,
        "width": 64,
        "height": 64,
        "jpeg_quality": 90,
    }
    return pd.DataFrame({**plain, **columns})


def probed(items: pd.DataFrame, *, blanks: object = 0, pictures: object = 0) -> dict[str, Probe]:
    """Return the probes by what they look at and where."""
    features = [
        np.broadcast_to(np.asarray(one, np.uint8).reshape(-1, 1), (N, N_FEATURES))
        for one in (pictures, blanks)
    ]
    return {
        f"{probe.where}: {probe.trait}": probe for probe in run_probes(items, *features, seed=1)
    }


def test_traits_without_a_difference_tell_nothing() -> None:
    """Files that are alike give an AUC of a half everywhere."""
    found = probed(table())
    assert len(found) == 4
    assert all(probe.auc == pytest.approx(0.5) for probe in found.values())
    assert not any(probe.is_telling for probe in found.values())


@pytest.mark.parametrize(
    ("column", "trait"),
    [("size_bytes", "file size"), ("width", "dimensions"), ("jpeg_quality", "JPEG quality")],
)
def test_a_telling_trait_is_told(column: str, trait: str) -> None:
    """A trait that differs by label alone is named with an AUC near 1; the others are not."""
    found = probed(table(**{column: np.where(np.arange(N) % 2, 50, 90)}))
    assert [probe.trait for probe in found.values() if probe.is_telling] == [trait]
    assert list(warn(found.values())) == [
        f"Take care: in drawn, real is told from fake without a face, by {trait} (AUC 1.00)."
    ]


def test_traits_that_are_not_monotone_are_seen() -> None:
    """Reals between two sizes of fakes are told apart, though no threshold does."""
    label = np.arange(N) % 2
    size = np.where(label == 0, 64, np.where(np.arange(N) % 4 == 1, 32, 128))
    assert probed(table(width=size))["drawn: dimensions"].auc > 0.95


def test_the_surroundings_are_probed() -> None:
    """A background that differs by label is found with the face painted out."""
    blanks = (np.arange(N) % 2) * 100
    assert probed(table(), blanks=blanks)["drawn: what lies around the face"].auc > 0.95


def test_a_group_is_not_probed_with_itself() -> None:
    """What tells videos apart, and not labels, is no leak: groups never cross the folds."""
    groups = np.arange(N) // 40
    label = groups % 2
    size = np.random.default_rng(0).permutation(10)[groups]
    found = probed(table(label=label, group=groups, size_bytes=size))
    assert found["drawn: file size"].auc < 0.9


def test_reals_of_two_datasets_are_compared() -> None:
    """Where the reals of A and B differ, a fake of B may be known by B."""
    names = np.where(np.arange(N) < N // 2, "a", "b")
    found = probed(table(dataset=names, width=np.where(names == "a", 64, 65)),
                   pictures=np.where(names == "a", 0, 200))  # fmt: skip
    assert found["the reals: dimensions"].auc > 0.95
    assert found[f"the reals: {PICTURE}"].auc > 0.95
    assert found["the reals: file size"].auc < TELLING_AUC
    assert "all datasets: file size" in found


def test_a_side_that_is_too_small_is_left_out() -> None:
    """A dataset of reals alone, or of a few images, is not probed for labels."""
    assert probed(table(label=0)) == {}
    assert probed(table(label=(np.arange(N) < 5).astype(int))) == {}
