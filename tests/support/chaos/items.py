"""The items of a trial: tiny files whose content says what must become of them."""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from random import Random

from core.terms import ItemCode, Label, Outcome
from db.verdicts import NewVerdict

FILES_A_FOLDER = 100


class Kind(StrEnum):
    """What an item does to the worker that scans it."""

    FAKE = "fake"
    REAL = "real"
    BROKEN = "broken"  # cannot be decoded
    RAISES = "raises"  # breaks the scan of its shard
    KILLS = "kills"  # ends the worker process


@dataclass(frozen=True)
class Items:
    """A folder of items, one of `kinds` at each position."""

    folder: Path
    kinds: tuple[Kind, ...]

    @cached_property
    def poison(self) -> frozenset[int]:
        """The positions of the items that no worker can get through."""
        return frozenset(
            position
            for position, kind in enumerate(self.kinds)
            if kind in (Kind.RAISES, Kind.KILLS)
        )

    def expected(self, position: int, model_version: str) -> NewVerdict:
        """Return the one correct verdict; poison says what went wrong in words of its own."""
        kind, content = self.kinds[position], content_of(self.kinds[position], position)
        name = _file(Path(), position).as_posix()
        verdict = NewVerdict(position=position, name=name, outcome=Outcome.FAILED)
        if position in self.poison:
            return replace(verdict, code=ItemCode.POISON)
        verdict = replace(verdict, sha256=hashlib.sha256(content).digest())
        if kind is Kind.BROKEN:
            return replace(verdict, code=ItemCode.UNDECODABLE)
        score = score_of(margin_of(kind, position), model_version)
        return replace(verdict, outcome=Outcome.SCORED, label=Label(kind), score=score)


def write_items(
    folder: Path, *, count: int, random: Random, kills: int, raises: int, broken: int = 3
) -> Items:
    """Write `count` files in folders of a hundred; the bad ones lie where `random` says."""
    bad = [Kind.KILLS] * kills + [Kind.RAISES] * raises + [Kind.BROKEN] * broken
    kinds = [random.choice((Kind.FAKE, Kind.REAL)) for _ in range(count)]
    for position, kind in zip(random.sample(range(count), len(bad)), bad, strict=True):
        kinds[position] = kind
    for position, kind in enumerate(kinds):
        file = _file(folder, position)
        if position % FILES_A_FOLDER == 0:
            file.parent.mkdir(parents=True)
        file.write_bytes(content_of(kind, position))
    return Items(folder, tuple(kinds))


def content_of(kind: Kind, position: int) -> bytes:
    """Return the bytes of an item: no two are the same."""
    return f"{kind} {position}".encode()


def margin_of(kind: Kind, position: int) -> float:
    """Return what the pretended model says of an item: no two are the same."""
    return (position + 1) if kind is Kind.FAKE else -(position + 1)


def score_of(margin: float, model_version: str) -> float:
    """Return the score of a margin, which another model version would give otherwise."""
    return 0.5 + margin / (1e6 + sum(model_version.encode()))


def _file(folder: Path, position: int) -> Path:
    return folder / f"{position // FILES_A_FOLDER:03d}" / f"{position:06d}.jpg"
