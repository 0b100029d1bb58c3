"""The model card for people: `card.md`, from the same facts as `card.json`."""

from pathlib import Path
from typing import Any

from training.run import DERIVATIONS

_HEADER = "| images | n | AUC | accuracy | precision | recall | F1 | reals flagged |"
_RULE = "|---|---|---|---|---|---|---|---|"
_CHOSE = " (looked at when the epoch was chosen)"


def write_card(card: dict[str, Any], file: Path) -> None:
    """Write the card as Markdown."""
    file.write_text(
        "\n".join(
            [*_opening(card), *_measures(card), *_unseen(card), *_whole(card), *_origin(card)]
        )
    )


def summarize(name: str, one: dict[str, Any]) -> list[str]:
    """Return the cells of one measurement, for a table."""
    return [
        name,
        f"{one['n']:,} ({one['n_real']:,} real, {one['n_fake']:,} fake)",
        *(
            _number(one[metric])
            for metric in ("auc", "accuracy", "precision", "recall", "f1", "false_fake_rate")
        ),
    ]


def _opening(card: dict[str, Any]) -> list[str]:
    calibration = card["calibration"]
    return [
        f"# {card['id']}",
        "",
        "Tells photographed faces from generated ones. It gives a score, P(fake) from 0 to 1, and "
        f"a label: `fake` from {calibration['band_high']:.3f}, `real` below "
        f"{calibration['band_low']:.3f}, `uncertain` between. The threshold "
        f"{calibration['threshold']:.3f} flags about {calibration['target_fpr']:.0%} of real "
        "photos like those it was trained on.",
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in card["limits"]),
        "",
        "## Licence",
        "",
        card["licence"] or "None is stated.",
        "",
    ]


def _measures(card: dict[str, Any]) -> list[str]:
    metrics = card["metrics"]
    return [
        "## On test images of the sources it was trained on",
        "",
        _how(card),
        "",
        _HEADER,
        _RULE,
        _row("all", metrics["test"]),
        *(_row(name, one) for name, one in metrics["sources"].items()),
        "",
        f"{_tpr(metrics['test'])} The scores' expected calibration error is "
        f"{metrics['test_expected_calibration_error']:.3f} (temperature "
        f"{card['calibration']['temperature']:.2f}, "
        f"bias {card['calibration'].get('bias', 0):.2f}).",
        "",
        *_int8(card.get("int8")),
        "![Confusion matrix](plots/confusion_matrix.png) ![ROC](plots/roc.png)",
        "![Reliability](plots/reliability.png)"
        + ("" if not DERIVATIONS.isdisjoint(card) else " ![Curves](plots/curves.png)"),
        "",
    ]


def _int8(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return []
    verdict = "comes along" if found["accepted"] else "was left out, as that is too far off"
    return [
        f"An int8 network {verdict}: on {found['images']:,} validation images it gave "
        f"{found['label_flips']:.2%} of them another label; a score differs by "
        f"{found['mean_score_change']:.4f} on average and {found['largest_score_change']:.3f} at "
        f"most, the AUC by {found['auc_change']:+.4f}.",
        "",
    ]


def _unseen(card: dict[str, Any]) -> list[str]:
    unseen = card["metrics"]["unseen_sources"]
    if unseen is None:
        return []
    sentences = []
    for name, one in unseen["sources"].items():
        if one["n_real"]:
            share = one["false_fake_rate"]
            sentences.append(f"- Of {one['n_real']:,} real photos of {name}, {share:.1%} flagged.")
        if one["n_fake"]:
            sentences.append(f"- Of {one['n_fake']:,} fakes of {name}, {one['recall']:.1%} found.")
    measured = {**unseen["sources"], **unseen["pairs"]}
    looked_at = _looked_at(card)
    return [
        "## On sources it never saw",
        "",
        _how(card),
        "",
        _HEADER,
        _RULE,
        *(
            _row(f"{name}{_CHOSE if looked_at.intersection(name.split(' vs ')) else ''}", one)
            for name, one in measured.items()
        ),
        "",
        "At the threshold:",
        "",
        *sentences,
        "",
    ]


def _looked_at(card: dict[str, Any]) -> set[str]:
    """Return the sources by which the epochs of its stages were chosen."""
    return {
        name for stage in card["stages"] for name in (stage.get("cross") or {}).get("sources", ())
    }


def _whole(card: dict[str, Any]) -> list[str]:
    """Return the table of the same images scored whole, which is what `faces=off` asks for."""
    sets = card["metrics"].get("scored_whole")
    if not sets:
        return []
    rows = [row for one in sets for row in {**one["sources"], **one["pairs"]}.items()]
    return [
        "## The same images, scored whole (faces off)",
        "",
        "It learned from squares around faces; a job that asks for `faces: off` gets this.",
        "",
        _HEADER,
        _RULE,
        *(_row(name, one) for name, one in rows),
        "",
    ]


def _how(card: dict[str, Any]) -> str:
    if card["preprocessing"].get("faces") == "on":
        return "Scored by the faces found in each image (faces on)."
    return "Scored as whole images (faces off)."


def _origin(card: dict[str, Any]) -> list[str]:
    data = card["data"]
    libraries = card["stages"][-1]["libraries"]
    return [
        "## Where it comes from",
        "",
        f"- Backbone: {card['backbone']['description'] or card['backbone']['name']}",
        f"- Data: fingerprint `{data['fingerprint']}`, {sum(c['n'] for c in data['counts']):,} "
        f"images of {', '.join(dict.fromkeys(c['dataset'] for c in data['counts']))}.",
        *(f"- Stage {number}: {_stage(one)}" for number, one in enumerate(card["stages"], 1)),
        *_mean(card.get("mean_of", [])),
        *_early_head(card.get("early_head")),
        f"- With {', '.join(f'{name} {version}' for name, version in libraries.items())}.",
        "",
    ]


def _mean(parts: list[dict[str, Any]]) -> list[str]:
    if not parts:
        return []
    named = ", ".join(f"{one['run']} ({one['part']:.2f})" for one in parts)
    return [f"- Its weights are the mean of those of {named}, each of one of these stages."]


def _early_head(made: dict[str, Any] | None) -> list[str]:
    if made is None:
        return []
    return [
        f"- A second head, after layer {made['layer']}, was fitted to {made['examples']:,} "
        f"training examples; what it is sure of is fake, too (caution {made['caution']:g})."
    ]


def _stage(one: dict[str, Any]) -> str:
    config = one["config"]
    changed = ", with changes that are not committed" if one["git_changed"] else ""
    return (
        f"{one['epochs_run']} epochs, batches of {config['batch_size']}, learning rate "
        f"{config['learning_rate']:g}, seed {one['seed']}; epoch {one['best_epoch']} is kept, with "
        f"a validation AUC of {one['best_validation_auc']:.4f}; code of commit "
        f"`{one['git_commit']}`{changed}."
    )


def _row(name: str, one: dict[str, Any]) -> str:
    return f"| {' | '.join(summarize(name, one))} |"


def _tpr(one: dict[str, Any]) -> str:
    shares = ", ".join(
        f"{tpr:.1%} where {float(fpr):.0%} of the reals are flagged"
        for fpr, tpr in (one["tpr_at_fpr"] or {}).items()
    )
    return f"Fakes found: {shares}."


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
