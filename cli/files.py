"""Files that a command is to write."""

import os
from pathlib import Path

from core.errors import ConfigurationError


def require_writable(path: Path) -> None:
    """Raise ConfigurationError, with a sentence, when no file can be written at the path."""
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ConfigurationError(
            f"The verdicts cannot be written to {path}; name a file in a folder that exists "
            "and can be written."
        )
