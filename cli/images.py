"""What `fakesweep scan` is pointed at: one image, or a folder of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigurationError, SourceError
from core.localfiles import local_path
from core.sources.folder import list_folder


@dataclass(frozen=True)
class Images:
    """Files below a root folder; `is_folder` when it is all of them."""

    root: Path
    is_folder: bool
    file: Path

    def paths(self) -> Iterator[Path]:
        """Yield the files, as a folder job lists them."""
        if not self.is_folder:
            return iter([self.file])
        return (Path(local_path(item.uri)) for item in list_folder(str(self.root)))


def find_images(path: Path) -> Images:
    """Return what is at the path; raises ConfigurationError: missing, or a folder without any."""
    file = path.absolute()
    if file.is_file():
        return Images(root=file.parent, is_folder=False, file=file)
    if not file.is_dir():
        raise ConfigurationError(f"{path} does not exist; name an image or a folder of images.")
    try:
        first = next(list_folder(str(path)), None)
    except SourceError as error:
        raise ConfigurationError(str(error)) from error
    if first is None:
        raise ConfigurationError(
            f"There are no images in {path}. Hidden files and files whose name says that they "
            "are no image are left out; name a folder with images, or one image."
        )
    return Images(root=file, is_folder=True, file=file)
