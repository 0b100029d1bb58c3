"""Where a run came from: the commit of the code, the backbone, the versions of the libraries."""

import hashlib
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from transformers import ViTForImageClassification

HOUSE = Path(__file__).resolve().parent.parent
CODE = ("training", "detector", "core")
LIBRARIES = ("torch", "transformers", "accelerate", "pillow", "numpy", "scikit-learn")


def code_version() -> dict[str, Any]:
    """Return the git commit, and whether the code that trains differs from it; None outside git."""
    commit = _git("rev-parse", "HEAD")
    changed = _git("status", "--porcelain", "--", *CODE)
    return {"git_commit": commit, "git_changed": bool(changed) if commit else None}


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of what the weights depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def describe_backbone(name_or_folder: str, vit: ViTForImageClassification) -> dict[str, Any]:
    """Return the backbone's name (of a folder, only its last part), shape and digest."""
    weights = Path(name_or_folder) / "model.safetensors"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else None
    return {
        "name": Path(name_or_folder).name if weights.is_file() else name_or_folder,
        "weights_sha256": digest,
        "layers": vit.config.num_hidden_layers,
        "parameters": vit.num_parameters(),
        "image_size": vit.config.image_size,
        "patch_size": vit.config.patch_size,
    }


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(HOUSE), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
