"""Methods of making heatmaps, side by side on the same squares: how faithful, and how quick."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import DatasetError
from core.terms import Label
from detector.decision import Calibration
from detector.explain import Heatmap
from detector.explain.attention import AttentionExplainer
from detector.explain.occlusion import occlusion
from training.evaluation.faithfulness import faithfulness
from training.evaluation.gains import Row, compare_gains
from training.evaluation.model_under_test import Faces, ModelUnderTest
from training.evaluation.numbers import listed
from training.evaluation.rows import resampled_together
from training.evaluation.testset import gather
from training.layouts.listing import DEFAULT_FRAMES
from training.progress import track
from training.scoring import PreparedFile, count_reasons, prepare_files

PLACES = (14, 10, 7)  # in a row, of the occlusions that are compared
CELLS = 14  # in a row of a map of chance
CHANCE = "chance"

Explain = Callable[[NDArray[np.uint8], bool], Heatmap]  # of a square, and whether for fake


@dataclass(frozen=True)
class Options:
    """What is measured, of at most so many `images`; the rest is as for `train evaluate`."""

    images: int = 32
    split: str = "test"
    frames: int = DEFAULT_FRAMES
    faces: Faces = "auto"
    device: str = "auto"
    rounds: int = 1000
    seed: int = 7


@dataclass(frozen=True)
class Comparison:
    """A row for each method over all verdicts, then for fake and for real ones.

    `unscored` counts the drawn images that have no score by their reason.
    """

    model: str
    device: str
    unscored: dict[str, int]
    rows: tuple[Row, ...]


def compare_heatmaps(
    model: str, data: Sequence[str], *, registry: Path, options: Options | None = None
) -> Comparison:
    """Measure every method on a model (`ModelUnderTest.load`) and images (`gather`).

    Of several faces in an image the most fake-looking one is explained, which decides the verdict.
    Raises ModelUnavailableError, ConfigurationError and DatasetError.
    """
    told = options or Options()
    tested = ModelUnderTest.load(model, registry, faces=told.faces, device=told.device)
    with TemporaryDirectory(prefix="fakesweep-") as scratch:
        items = gather(data, told.split, scratch=Path(scratch), frames=told.frames)
        sample = draw_balanced(items, told.images, told.seed)
        files = _read(sample, tested)
    stacks = [one.prepared.pixels for one in files if one.prepared]
    tried = sample.assign(reason=[one.reason for one in files])
    unscored = count_reasons(tried)
    if not stacks:
        raise DatasetError(
            f"None of the {len(files):,} drawn images can be scored ({listed(unscored)}); "
            "name others with --data."
        )
    sound = tried.loc[tried["reason"] == ""].reset_index(drop=True)
    measured = pd.DataFrame(_measure(stacks, tested, told.seed))
    measured["group"] = resampled_together(sound)[measured["square"]]
    rows = compare_gains(measured, rounds=told.rounds, seed=told.seed)
    return Comparison(tested.name, tested.engine.device, unscored, rows)


def draw_balanced(items: pd.DataFrame, images: int, seed: int) -> pd.DataFrame:
    """Return at most so many items: the labels take turns, and so do the datasets of each."""
    shuffled = items.sample(frac=1, random_state=seed)
    turn = shuffled.groupby(["label", "dataset"], sort=False).cumcount()
    by_turn = shuffled.assign(turn=turn).sort_values(["turn", "dataset"], kind="stable")
    by_turn["turn"] = by_turn.groupby("label", sort=False).cumcount()
    drawn = by_turn.sort_values(["turn", "label"], kind="stable").head(images)
    return drawn.drop(columns="turn").reset_index(drop=True)


def methods(model: ModelUnderTest, seed: int) -> Mapping[str, Explain]:
    """Return every method by its name; that of chance draws another map each time."""
    attention = AttentionExplainer(model.weights, model.spec)
    draw = np.random.default_rng(seed)
    return {
        **{f"occlusion {parts}x{parts}": partial(_hide, model, parts) for parts in PLACES},
        "gradient-weighted attention": lambda pixels, is_fake: attention.by_gradients(
            pixels, towards_fake=is_fake
        ),
        "attention rollout": lambda pixels, _is_fake: attention.rollout(pixels),
        CHANCE: lambda _pixels, _is_fake: draw.random((CELLS, CELLS), np.float32),
    }


def _hide(model: ModelUnderTest, parts: int, pixels: NDArray[np.uint8], is_fake: bool) -> Heatmap:
    return occlusion(model.engine, pixels, towards_fake=is_fake, parts=parts)


def _read(sample: pd.DataFrame, model: ModelUnderTest) -> list[PreparedFile]:
    with ThreadPoolExecutor() as pool:
        batches = list(prepare_files(sample["path"].tolist(), model.spec, pool))
    return [one for batch in batches for one in batch]


def _measure(
    stacks: Sequence[NDArray[np.uint8]], model: ModelUnderTest, seed: int
) -> Iterator[dict[str, object]]:
    """Yield what each method did on the square of each image that decides its verdict."""
    compared = methods(model, seed)
    for square, stack in enumerate(track(stacks, "Comparing heatmaps")):
        margins = model.engine.forward(stack)
        pixels, margin = stack[np.argmax(margins)], margins.max(keepdims=True)
        is_fake = model.calibration.label(model.calibration.scores(margin)[0]) is not Label.REAL
        for method, explain in compared.items():
            begun = time.perf_counter()
            heat = explain(pixels, is_fake)
            seconds = time.perf_counter() - begun
            found = faithfulness(
                model.engine, pixels, heat, partial(_scores, model.calibration, is_fake)
            )
            yield {
                "method": method,
                "square": square,
                "verdict": (Label.FAKE if is_fake else Label.REAL).value,
                "deletion": found.deletion,
                "insertion": found.insertion,
                "seconds": seconds,
            }


def _scores(
    calibration: Calibration, is_fake: bool, margins: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the scores of the verdict: P(fake), or P(real)."""
    scores = calibration.scores(margins)
    return scores if is_fake else 1 - scores
