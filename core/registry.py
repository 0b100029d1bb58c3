"""Model versions on disk: found, named, and verified by their checksums. Knows no torch.

A version is the folder `<name>-<n>` of the registry. It never changes: SHA256SUMS names the
digest of every file in it, and the digest of SHA256SUMS is the version's fingerprint.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ModelUnavailableError
from core.logs import get_logger

CHECKSUMS = "SHA256SUMS"
CARD = "card.json"
ESSENTIAL = {"config.json", "model.safetensors", "preprocessing.json", "calibration.json", CARD}
_ID = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)-(?P<number>[1-9][0-9]*)")

log = get_logger(__name__)


@dataclass(frozen=True)
class ModelVersionFiles:
    """A model version as it lies in the registry."""

    id: str
    name: str
    number: int
    path: Path
    card: dict[str, Any]
    fingerprint: str


class Registry:
    """A folder of model versions."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def list(self) -> list[ModelVersionFiles]:
        """Return the versions by name and number; a folder that is not whole is left out."""
        if not self.root.is_dir():
            return []
        found = []
        for folder in self.root.iterdir():
            if _ID.fullmatch(folder.name) and folder.is_dir():
                try:
                    found.append(self.get(folder.name))
                except ModelUnavailableError as error:
                    log.warning("model_version_left_out", reason=str(error))
        return sorted(found, key=lambda files: (files.name, files.number))

    def get(self, version: str) -> ModelVersionFiles:
        """Return the version's files without checking them; raises ModelUnavailableError."""
        match = _ID.fullmatch(version)
        folder = self.root / version
        if match is None or not folder.is_dir():
            raise ModelUnavailableError(f"The registry {self.root} has no model version {version}.")
        try:
            card = json.loads((folder / CARD).read_bytes())
            fingerprint = hashlib.sha256((folder / CHECKSUMS).read_bytes()).hexdigest()
        except (OSError, ValueError) as error:
            raise ModelUnavailableError(
                f"Model version {version} is not whole ({error}); publish or copy it again."
            ) from error
        return ModelVersionFiles(
            version, match["name"], int(match["number"]), folder, card, fingerprint
        )

    def verify(self, version: str) -> ModelVersionFiles:
        """Return the version's files after checking each one; raises ModelUnavailableError."""
        files = self.get(version)
        verify_folder(files.path)
        return files

    def next_id(self, name: str) -> str:
        """Return the id of the name's next version."""
        if _ID.fullmatch(f"{name}-1") is None:
            raise ModelUnavailableError(
                f"{name} is no name for a model: use lower-case letters, digits, '.', '-' and '_'."
            )
        numbers = [
            int(match["number"])
            for folder in (self.root.iterdir() if self.root.is_dir() else [])
            if (match := _ID.fullmatch(folder.name)) and match["name"] == name
        ]
        return f"{name}-{max(numbers, default=0) + 1}"


def write_checksums(folder: Path) -> None:
    """Write SHA256SUMS over every file below the folder, as `sha256sum` does."""
    names = sorted(
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and file.name != CHECKSUMS
    )
    lines = [f"{file_digest(folder / name)}  {name}\n" for name in names]
    (folder / CHECKSUMS).write_text("".join(lines))


def verify_folder(folder: Path) -> None:
    """Check every file of a version's folder; raises ModelUnavailableError for the first fault."""
    try:
        lines = (folder / CHECKSUMS).read_text().splitlines()
    except (OSError, ValueError) as error:
        raise ModelUnavailableError(
            f"Model version {folder.name} has no readable {CHECKSUMS}; publish or copy it again."
        ) from error
    digests = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in sorted(ESSENTIAL | digests.keys()):
        file = folder / name
        if not file.is_file() or file_digest(file) != digests.get(name):
            raise ModelUnavailableError(
                f"The file {name} of model version {folder.name} is missing or was altered; "
                "restore it, because what it computes cannot be trusted."
            )


def file_digest(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
