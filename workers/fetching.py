"""Fetches the items of shards in hand, a block at a time, within bounds of bytes and of time.

What comes over a network has threads of its own, enough for every shard in hand: a server that is
slow holds up its own shard, and that for a while only. The rest is left for later.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from threading import Event
from typing import TypeVar

from core.errors import ItemError, StorageError
from core.sources import SourceItem
from core.terms import ItemCode
from workers.handful import Handful, Listed
from workers.item import Item
from workers.pauses import MAX_POSTPONEMENTS

BLOCK_ITEMS = 32  # of each shard in hand: fetched, decoded, handed to the batcher together
LONE_ITEMS = 8  # of a shard that is alone in hand: the device is slow, and waits for whole blocks
BLOCK_BYTES = 48 * 1024**2  # a block takes no more items once it holds this much
SLICES = 8  # of a block, each done by one thread: handing over single items costs
REMOTE_S = 20.0  # that shards in hand may wait for what comes over a network

Fetch = Callable[[SourceItem], bytes]
Given = TypeVar("Given")
Made = TypeVar("Made")


def spread(
    threads: Executor, action: Callable[[Given], Made], given: Sequence[Given]
) -> list[Made]:
    """Do it for all of them on at most eight threads, some a time; return what came of each."""
    size = max(1, -(-len(given) // SLICES))  # rounded up
    slices = [given[start : start + size] for start in range(0, len(given), size)]
    done = threads.map(lambda some: [action(each) for each in some], slices)
    return [made for some in done for made in some]


@dataclass(frozen=True)
class Fetcher:
    """Fetches for all shards of a process: files by `local` threads, all else by `remote` ones.

    After `stopping` is set, no bulk item is begun; nor of shards that `is_stopped` says so of.
    """

    fetch: Fetch
    local: Executor
    remote: Executor
    stopping: Event
    is_stopped: Callable[[int], bool]  # of a job, by its id
    remote_s: float = REMOTE_S

    def of(self, handful: Handful) -> "HandfulFetch":
        """Return the fetching of shards in hand."""
        return HandfulFetch(self, handful)


@dataclass
class HandfulFetch:
    """The items of shards in hand as they come; `error` says why some did not.

    `is_late` tells that its time was up before everything was tried, `is_away` that storage did
    not answer.
    """

    fetcher: Fetcher
    handful: Handful
    error: str = ""
    is_late: bool = False
    is_away: bool = False
    _remote_left_s: float = field(init=False)
    _block_bytes: int = 0

    def __post_init__(self) -> None:
        self._remote_left_s = self.fetcher.remote_s

    def blocks(self) -> Iterator[list[Item]]:
        """Yield the items in blocks, each with its bytes, its end, or neither for now."""
        waiting, shards = self.handful.listed, len(self.handful.claims)
        most = LONE_ITEMS if self.handful.is_single else BLOCK_ITEMS * shards
        while waiting and not self.must_stop():
            if self._remote_left_s <= 0 and (remote := [at for at in waiting if _is_remote(at)]):
                self.is_late = True
                self.error = "The images come slowly; those that have not come yet are due later."
                waiting = [listed for listed in waiting if listed not in remote]
                continue
            some, waiting = waiting[:most], waiting[most:]
            block = self._fetch(some)
            begun = {item.position for item in block}
            waiting = [listed for listed in some if listed[0] not in begun] + waiting
            yield block

    def must_stop(self) -> bool:
        """Tell whether what was not fetched is left undone; a single scan is done at once."""
        if self.handful.first.interactive or not self.fetcher.stopping.is_set():
            return self.is_unwanted()
        self.error = "The worker that had the shard in hand was stopped."
        return True

    def is_unwanted(self) -> bool:
        """Tell whether the job was stopped meanwhile; of a single scan, nobody asks."""
        first = self.handful.first
        if first.interactive or not self.fetcher.is_stopped(first.job_id):
            return False
        self.error = "The job was stopped while the shard was in hand."
        return True

    def read(self, item: Item) -> None:
        """Fetch the item's bytes; when they cannot be had now, they can later, up to a limit."""
        try:
            item.take(self.fetcher.fetch(item.source))
        except ItemError as error:
            item.fail(error)
        except StorageError as error:
            if self.handful.first.postponements < MAX_POSTPONEMENTS:
                self.error, self.is_away = str(error), True
                return
            sentence = f"{error} It was tried many times."
            item.fail(ItemError(ItemCode.FETCH_FAILED, sentence))

    def _fetch(self, some: Sequence[Listed]) -> list[Item]:
        """Fetch some items, one after the other for a single scan, which waits for no thread."""
        self._block_bytes = 0
        if self.handful.first.interactive:
            return [self._take(listed) for listed in some]
        local = [listed for listed in some if not _is_remote(listed)]
        remote = [listed for listed in some if _is_remote(listed)]
        found = spread(self.fetcher.local, self._take_local, local)
        if remote:
            found += self._fetch_remote(remote)
        return [item for item in found if item is not None]

    def _fetch_remote(self, some: Sequence[Listed]) -> list[Item | None]:
        begun = time.monotonic()
        until = begun + self._remote_left_s

        def take(listed: Listed) -> Item | None:
            return self._take_local(listed) if time.monotonic() < until else None

        found = spread(self.fetcher.remote, take, some)
        self._remote_left_s -= time.monotonic() - begun
        return found

    def _take_local(self, listed: Listed) -> Item | None:
        """Take an item, unless the block is full or the rest is left."""
        if self._block_bytes >= BLOCK_BYTES or self.must_stop():
            return None
        item = self._take(listed)
        self._block_bytes += len(item.content or b"")  # a lost update lets in one item more
        return item

    def _take(self, listed: Listed) -> Item:
        position, source = listed
        item = Item(position, source)
        if source.fault_code is not None:
            item.fault()
        else:
            self.read(item)
        return item


def _is_remote(listed: Listed) -> bool:
    source = listed[1]
    return source.fault_code is None and not source.uri.startswith("file:")
