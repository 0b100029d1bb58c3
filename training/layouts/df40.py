"""DF40 (Yan et al., NeurIPS 2024), as its repository and its archives lay it out.

    [DF40_train/]<method>/frames/033_097/000.png        swaps and re-enactments of FaceForensics++
    [DF40/]<method>/<ff|cdf>/[frames/]<video>/000.png    ff: FaceForensics++, cdf: Celeb-DF
    [DF40/]<method>/<ff|cdf>/<folder>/inversions/0.jpg   e4e
    [DF40/]<method>/<fake|real>/[frames/][<video>/]0.png the methods that bring their reals along

The method is a folder's name. The other reals are those of FaceForensics++ and Celeb-DF v2,
which are prepared beside it (`real:ff=DIR`).
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from training.layouts.files import frame_number, is_video, media_below
from training.layouts.listing import LABELS, REAL, Entry, Listing, Source, make_listing
from training.layouts.people import People, in_celebdf, in_faceforensics

NAME = "df40"
METHODS = {
    "fsgan", "faceswap", "simswap", "inswap", "blendface", "uniface", "mobileswap", "e4s",
    "facedancer", "deepfacelab", "fomm", "facevid2vid", "wav2lip", "mraa", "one_shot_free",
    "pirender", "tpsm", "lia", "danet", "sadtalker", "mcnet", "hyperreenact", "heygen", "vqgan",
    "stylegan2", "stylegan3", "styleganxl", "sd2.1", "ddim", "rddm", "pixart", "dit", "sit",
    "midjourney", "whichisreal", "collabdiff", "e4e", "stargan", "starganv2", "styleclip",
}  # fmt: skip
PARTS = {"df40_train": "train", "df40_test": "test", "df40": "test"}
DOMAINS = {"ff": in_faceforensics, "cdf": in_celebdf}
SIDES = {*DOMAINS, *LABELS, "frames"}


def recognises(folder: Path) -> bool:
    """Return whether two methods of DF40 lie in the folder, or in its DF40 or DF40_train."""
    return any(len(_methods(part)) > 1 for part in (folder, *_parts(folder)))


def read(source: Source) -> Listing:
    """List the images of every method; DF40_train and DF40 are the official splits."""
    parts = _parts(source.path)
    entries = [
        entry
        for part in parts or [source.path]
        for method in _methods(part)
        for entry in _entries(method, PARTS[part.name.casefold()] if parts else "")
    ]
    warnings = []
    if all(entry.label for entry in entries):
        warnings.append(
            "These methods come without reals; prepare those of FaceForensics++ or Celeb-DF "
            "beside them, as --data real:ff=DIR."
        )
    return make_listing(source, NAME, entries, warnings=warnings)


def _parts(root: Path) -> list[Path]:
    folders = [path for path in sorted(root.iterdir()) if path.is_dir()] if root.is_dir() else []
    return [path for path in folders if path.name.casefold() in PARTS]


def _methods(part: Path) -> list[Path]:
    folders = [path for path in sorted(part.iterdir()) if path.is_dir()] if part.is_dir() else []
    return [path for path in folders if path.name.casefold() in METHODS]


def _entries(method: Path, split: str) -> Iterator[Entry]:
    for position, path in enumerate(media_below(method)):
        inner = PurePosixPath(path.relative_to(method))
        side = inner.parts[0].casefold()
        label = LABELS["real"] if side == "real" else LABELS["fake"]
        folders = [part for part in inner.parts[:-1] if part.casefold() not in SIDES]
        video = inner.stem if is_video(path.name) else "/".join(folders)
        people = _people(side, folders[-1] if folders else inner.stem)
        yield Entry(
            path,
            label,
            method=REAL if label == LABELS["real"] else method.name,
            video_id=f"{method.name}/{side}/{video}" if video else "",
            frame=frame_number(inner, position) if folders and not is_video(path.name) else -1,
            identity_a=people.identity_a,
            identity_b=people.identity_b,
            source_id=people.source_id,
            split=split,
        )


def _people(side: str, name: str) -> People:
    """Read the people of a video made from FaceForensics++ (also in training) or Celeb-DF."""
    if side in LABELS or name == "inversions":
        return People()
    return DOMAINS.get(side, in_faceforensics)(name)
