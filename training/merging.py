"""One network of several: the weighted mean of what runs from the same backbone learned.

What one run keeps of the backbone and another learned of the data can so be had together, at the
cost of one network (Wortsman et al., "Model soups" and "Robust fine-tuning of zero-shot models",
2022).
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from core.errors import ConfigurationError
from detector.vit import load_vit
from training.provenance import code_version, library_versions
from training.run import RUN, Run


def merge(folders: Sequence[Path], weights: Sequence[float], out: Path) -> Run:
    """Write a run whose model is the mean of those of ended runs, and return it.

    `weights` are their parts, in the same order; without any, all count alike. Its configuration is
    the first run's. Raises ConfigurationError and ModelUnavailableError, and then writes nothing.
    """
    runs = [Run.read(folder) for folder in folders]
    parts = _parts(weights, len(runs))
    for run in runs:
        _require_alike(runs[0], run)
    if (out / RUN).exists():
        raise ConfigurationError(f"{out} holds a run already; name another --out.")
    networks = [load_vit(run.model) for run in runs]
    weights_of = [network.state_dict() for network in networks]
    if any(one.keys() != weights_of[0].keys() for one in weights_of):
        raise ConfigurationError("The runs keep different layers; merge runs of equal ones.")
    with torch.no_grad():
        for name, weight in weights_of[0].items():
            if weight.is_floating_point():
                shares = (part * one[name] for part, one in zip(parts, weights_of, strict=True))
                weight.copy_(torch.stack(list(shares)).sum(0))
    facts = {
        **runs[0].facts,
        **code_version(),
        "libraries": library_versions(),
        "earlier_stages": [stage for run in runs for stage in run.stages],
        "mean_of": [
            {"run": run.folder.resolve().name, "part": part}
            for run, part in zip(runs, parts, strict=True)
        ],
    }
    first = runs[0]
    merged = Run(out, first.config, first.spec, first.backbone, first.dataset, facts)
    merged.write()
    networks[0].save_pretrained(merged.model)
    return merged


def _parts(weights: Sequence[float], count: int) -> list[float]:
    """Return the parts, which add up to 1."""
    if count < 2:
        raise ConfigurationError("Name two runs or more to merge: --run A --run B.")
    given = list(weights) or [1.0] * count
    if len(given) != count or min(given) < 0 or not sum(given):
        raise ConfigurationError(
            f"{count} runs need as many --part, none below 0; {len(given)} were given."
        )
    return [one / sum(given) for one in given]


def _require_alike(first: Run, other: Run) -> None:
    other.require_ended()
    for what in ("dataset_fingerprint", "backbone"):
        if first.facts[what] != other.facts[what]:
            raise ConfigurationError(
                f"The runs in {first.folder} and {other.folder} differ in their "
                f"{what.split('_')[0]}; only runs of the same can be merged."
            )
    if first.spec != other.spec:
        raise ConfigurationError(
            f"The runs in {first.folder} and {other.folder} prepare images differently; only runs "
            "of the same preprocessing can be merged."
        )
