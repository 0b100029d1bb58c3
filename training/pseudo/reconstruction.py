"""Reconstructions of a dataset's real training images, made once and kept beside the dataset.

`datasets/NAME/reconstructed/  items.parquet  report.json  images/*.png  <upsampling>.safetensors`
One autoencoder for each way to upsample is trained on the real images of the training split, and
each of these images is rebuilt by one of them. Validation and test images are never touched.
"""

import hashlib
import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from safetensors.torch import load_model, save_model
from torch.nn.functional import pad
from torch.utils.data import DataLoader, Dataset

from core.errors import DatasetError
from training.dataset import PreparedDataset
from training.progress import bar, track
from training.pseudo.autoencoder import UPSAMPLINGS, Autoencoder, Upsampling, loss
from training.rows import read_image, rows_of
from training.sampling import Kind

FOLDER = "reconstructed"
ITEMS = "items.parquet"
REPORT = "report.json"
CROP = 96  # pixels a side that an autoencoder learns from
BATCH = 16
LEARNING_RATE = 1e-3


def with_reconstructions(dataset: PreparedDataset, weight: float) -> pd.DataFrame:
    """Return the training items, with the reconstructions when they have a weight.

    Raises DatasetError when there are none, or they were made of another dataset.
    """
    items = dataset.split("train")
    if not weight:
        return items
    folder = dataset.folder / FOLDER
    try:
        made_of = json.loads((folder / REPORT).read_bytes())["dataset_fingerprint"]
        rebuilt = pd.read_parquet(folder / ITEMS)
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(
            f"{folder} holds no reconstructions ({error}); make them with `train reconstruct`."
        ) from error
    if made_of != dataset.fingerprint:
        raise DatasetError(
            f"The reconstructions in {folder} are those of another dataset; make them anew."
        )
    rebuilt["path"] = [str(folder / path) for path in rebuilt["path"]]
    return pd.concat([items, rebuilt], ignore_index=True)


def reconstruct(dataset: PreparedDataset, *, steps: int, seed: int) -> dict[str, Any]:
    """Train the autoencoders and rebuild the real training images; return what was measured.

    An autoencoder that was trained before is taken as it is, so a run that was stopped goes on.
    """
    items = dataset.split("train")
    reals = items.loc[items["label"] == 0].reset_index(drop=True)
    folder = dataset.folder / FOLDER
    (folder / "images").mkdir(parents=True, exist_ok=True)
    networks: dict[Upsampling, Autoencoder] = {
        kind: _trained(kind, reals, folder / f"{kind}.safetensors", steps=steps, seed=seed)
        for kind in UPSAMPLINGS
    }
    rows, errors = _rebuild_all(reals, networks, folder, seed)
    rows.to_parquet(folder / ITEMS, index=False)
    report = {
        "dataset_fingerprint": dataset.fingerprint,
        "images": len(rows),
        "steps": steps,
        "seed": seed,
        "psnr_db": {kind: round(float(np.mean(found)), 2) for kind, found in errors.items()},
    }
    (folder / REPORT).write_text(json.dumps(report, indent=2) + "\n")
    return report


class _Crops(Dataset[torch.Tensor]):
    """Random squares of the images, float32 [3, 96, 96] in [0, 1]."""

    def __init__(self, items: pd.DataFrame, count: int, seed: int) -> None:
        self._rows = rows_of(items)
        self._count, self._seed = count, seed

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> torch.Tensor:
        draw = Random(f"{self._seed} {index}")
        image = read_image(self._rows[draw.randrange(len(self._rows))])
        side = draw.randint(min(CROP, *image.size), min(image.size))
        left, top = draw.randint(0, image.width - side), draw.randint(0, image.height - side)
        square = image.resize((CROP, CROP), box=(left, top, left + side, top + side))
        return _to_tensor(square)


def _trained(
    kind: Upsampling, reals: pd.DataFrame, file: Path, *, steps: int, seed: int
) -> Autoencoder:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    network = Autoencoder(kind).to(device)
    if file.exists():
        load_model(network, file, device=str(device))
        return network.eval()
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    loader = DataLoader(_Crops(reals, steps * BATCH, seed), BATCH)
    with bar() as progress:
        task = progress.add_task(f"Training the {kind} autoencoder", total=steps)
        for crops in loader:
            batch = crops.to(device)
            error = loss(network(batch), batch)
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
            schedule.step()
            progress.update(task, advance=1, description=f"{kind}: error {error.item():.4f}")
    save_model(network, str(file))
    return network.eval()


def _rebuild_all(
    reals: pd.DataFrame, networks: dict[Upsampling, Autoencoder], folder: Path, seed: int
) -> tuple[pd.DataFrame, dict[Upsampling, list[float]]]:
    errors: dict[Upsampling, list[float]] = {kind: [] for kind in networks}
    rows = []
    for row in track(rows_of(reals), description="Rebuilding images"):
        kind = Random(f"{seed} {row['sha256']}").choice(UPSAMPLINGS)
        image = read_image(row)
        rebuilt = rebuild(networks[kind], image)
        path = Path("images") / f"{row['sha256']}.png"
        rebuilt.save(folder / path)
        difference = np.asarray(rebuilt, np.float64) - np.asarray(image, np.float64)
        errors[kind].append(10 * np.log10(255**2 / max(float(np.mean(difference**2)), 1e-9)))
        rows.append(
            row
            | {
                "path": str(path),
                "label": 1,
                "method": Kind.RECONSTRUCTED.value,
                "source_id": row["sha256"],
                "sha256": hashlib.sha256((folder / path).read_bytes()).hexdigest(),
            }
        )
    return pd.DataFrame(rows), errors


@torch.inference_mode()
def rebuild(network: Autoencoder, image: Image.Image) -> Image.Image:
    """Return the reconstruction of an RGB image, of the same size."""
    device = next(network.parameters()).device
    pixels = _to_tensor(image)[None].to(device)
    right, below = (-side % network.multiple for side in image.size)
    padded = pad(pixels, (0, right, 0, below), mode="replicate")
    values = network(padded)[0, :, : image.height, : image.width].clamp(0, 1)
    return Image.fromarray((values * 255 + 0.5).byte().permute(1, 2, 0).cpu().numpy())


def _to_tensor(image: Image.Image) -> torch.Tensor:
    pixels = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))
    return torch.from_numpy(pixels).float() / 255
