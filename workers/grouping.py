"""Groups what a source lists into shards, a few of them and the faults among them a commit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from core.errors import SourceError
from core.sources import LineFault, SourceItem
from workers.turns import TurnOverError

MAX_SHARDS = 64
MAX_FAULTS = 1000


@dataclass(frozen=True)
class Group:
    """What the planner commits together."""

    shards: list[list[SourceItem]] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)

    @property
    def items(self) -> int:
        """How many items the shards hold."""
        return sum(len(shard) for shard in self.shards)


def grouped(listed: Iterable[SourceItem | LineFault], shard_size: int) -> Iterator[Group]:
    """Yield groups: first of a single shard, so that scanning starts soon, then ever more.

    When the listing ends in SourceError, the faults that came before it are yielded first; when it
    ends in TurnOverError, all that came before it.
    """
    most, group, shard = 1, Group(), []
    try:
        for entry in listed:
            if isinstance(entry, LineFault):
                group.faults.append(entry)
            else:
                shard.append(entry)
            if len(shard) == shard_size:
                group.shards.append(shard)
                shard = []
            if len(group.shards) == most or len(group.faults) == MAX_FAULTS:
                yield group
                most, group = min(2 * most, MAX_SHARDS), Group()
    except SourceError:
        if group.faults:
            yield Group(faults=group.faults)
        raise
    except TurnOverError:
        yield from _last(group, shard)
        raise
    yield from _last(group, shard)


def _last(group: Group, shard: list[SourceItem]) -> Iterator[Group]:
    if shard:
        group.shards.append(shard)
    if group.shards or group.faults:
        yield group
