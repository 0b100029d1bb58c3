"""What the doctor asks of the machine: Python and its packages, the data folder, the disk."""

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from cli.doctor.finding import Found, fault, ok, warning
from core.settings import Settings

GIB = 1024**3
FREE_GIB_WARNING = 5.0
FREE_GIB_FAULT = 0.5


def look_at_packages() -> Found:
    """Compare the installed packages with what this release asks for."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    needed = filter(_is_needed, map(Requirement, requires("fakesweep") or ()))
    if wrong := [sentence for requirement in needed if (sentence := _complaint(requirement))]:
        return fault(f"{'; '.join(wrong)}. Install fakesweep anew, such as by `make setup`.")
    return ok(f"Python {python}, fakesweep {version('fakesweep')}, and all packages fit.")


def look_at_data_dir(settings: Settings) -> Found:
    """Ask whether the data folder can be written, without making it."""
    folder = settings.data_dir
    existing = existing_part(folder)
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return fault(
            f"{existing} cannot be written by this user; give it to them, or set "
            "FAKESWEEP_DATA_DIR to a folder that can."
        )
    if existing != folder:
        return ok(f"The data folder {folder} is not there yet; it will be made when it is needed.")
    return ok(f"The data folder {folder} can be written.")


def look_at_disk(settings: Settings) -> Found:
    """Ask how much room there is where the data folder is, or will be."""
    place = existing_part(settings.data_dir)
    free = shutil.disk_usage(place).free / GIB
    said = f"{free:.1f} GiB are free at {place}"
    if free < FREE_GIB_FAULT:
        return fault(f"{said}; uploads and verdicts will soon be refused. Make room.")
    if free < FREE_GIB_WARNING:
        return warning(f"{said}; make room, or shorten FAKESWEEP_KEEP_UPLOADS_DAYS.")
    return ok(f"{said}.")


def existing_part(path: Path) -> Path:
    """Return the path, or the nearest folder above it that exists."""
    return next((place for place in (path, *path.parents) if place.exists()), Path("/"))


def _is_needed(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _complaint(requirement: Requirement) -> str:
    """Return what is wrong with the installed package; empty for nothing."""
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement.name} is missing"
    if requirement.specifier.contains(found, prereleases=True):
        return ""
    return f"{requirement.name} {found} is installed, and {requirement.specifier} is needed"
