"""A task queue that keeps its messages instead of sending them, and can be out of order."""

from core.errors import BrokerUnavailableError
from core.taskqueue import Message, QueueName


class RecordingQueue:
    """Stands in for the broker: `messages` holds every message; `is_down` refuses all."""

    def __init__(self, *, is_down: bool = False) -> None:
        self.messages: list[Message] = []
        self.is_down = is_down

    def send(self, message: Message) -> None:
        """Keep the message; raises BrokerUnavailableError when down."""
        self._require_up()
        self.messages.append(message)

    def depth(self, queue: QueueName) -> int:
        """Return how many messages were sent to the queue."""
        self._require_up()
        return sum(message.queue == queue for message in self.messages)

    def _require_up(self) -> None:
        if self.is_down:
            raise BrokerUnavailableError("The broker does not answer; start it.")
