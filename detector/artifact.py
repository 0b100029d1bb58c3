"""A model version's folder: written once, whole or not at all, and read back.

The files are listed in docs/architecture.md; `core.registry` finds and verifies them.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from core.errors import ConflictError, ModelUnavailableError
from core.registry import verify_folder, write_checksums
from detector.decision import Calibration
from detector.preprocess import PreprocessingSpec

PREPROCESSING = "preprocessing.json"
CALIBRATION = "calibration.json"


@dataclass(frozen=True)
class Artifact:
    """What is needed beside the weights to serve a model version."""

    folder: Path
    spec: PreprocessingSpec
    calibration: Calibration

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Check every file of a version's folder and read it; raises ModelUnavailableError."""
        verify_folder(folder)
        try:
            spec = PreprocessingSpec.from_dict(json.loads((folder / PREPROCESSING).read_bytes()))
            calibration = Calibration.from_dict(json.loads((folder / CALIBRATION).read_bytes()))
        except (OSError, ValueError) as error:
            raise ModelUnavailableError(
                f"The model version in {folder} is not whole ({error}); publish or copy it again."
            ) from error
        return cls(folder, spec, calibration)


@contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes the version when the block ends without an error.

    Checksums are written last. Raises ConflictError when the version exists: it is immutable.
    """
    taken = ConflictError(f"{folder} exists, and model versions never change; publish anew.")
    if folder.exists():
        raise taken
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield draft
        write_checksums(draft)
        draft.chmod(0o755)
        for file in draft.rglob("*"):
            _settle(file)
        try:
            draft.rename(folder)
        except OSError as error:  # another process was quicker
            raise taken from error
        _settle(folder.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write JSON for people to read; refuses NaN, which is none."""
    file.write_text(json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def _settle(path: Path) -> None:
    """Let everyone read a file, and force what was written onto the disk."""
    if path.is_file():
        path.chmod(0o644)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
