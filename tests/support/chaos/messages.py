"""The messages of a trial: sent twice, if the test wants that, and noted as they are heard."""

from dataclasses import dataclass
from typing import Any, Self

from kombu.messaging import Producer
from kombu.transport.redis import Channel

from tests.support.chaos.history import History, Note


@dataclass(frozen=True)
class Heard:
    """A message as a process got it: `again` says that the broker had given it out before."""

    id: str
    task: str
    queue: str
    again: bool
    pid: int

    @classmethod
    def of(cls, history: History) -> list[Self]:
        """Return all messages that were heard, in the order of their times."""
        return [cls._parse(note) for note in history.of("heard")]

    @classmethod
    def _parse(cls, note: Note) -> Self:
        identity, task, queue, again = note.detail.split()
        return cls(identity, task, queue, again == "again", note.pid)


def note_heard(history: History) -> None:
    """Note each task message that the broker gives to this process."""

    class Noted(Channel.Message):
        def __init__(self, payload: dict[str, Any], channel: Channel | None = None) -> None:
            super().__init__(payload, channel)
            headers, queue = self.headers, self.delivery_info.get("routing_key")
            if "task" in headers:
                again = "again" if headers.get("redelivered") else "first"
                history.note("heard", f"{headers['id']} {headers['task']} {queue} {again}")

    Channel.Message = Noted


def send_twice() -> None:
    """Put each message of this process into the broker twice, with one id, whoever sends it."""
    publish = Producer.publish

    def publishing(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - kombu's
        publish(*arguments, **options)
        return publish(*arguments, **options)

    Producer.publish = publishing
