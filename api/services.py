"""What the views work with: the settings, the database, the task queue and the storage."""

from dataclasses import dataclass
from threading import BoundedSemaphore

from flask import current_app

from api.places import Places
from core.access import Access
from core.endings import Endings
from core.errors import BrokerUnavailableError
from core.fetching import ItemReader
from core.logs import get_logger
from core.settings import Settings
from core.storage import Storage
from core.taskqueue import Message, TaskQueue
from db.session import Database

EXTENSION = "fakesweep"
log = get_logger(__name__)


@dataclass(frozen=True)
class Services:
    """The collaborators of one application.

    `endings` tells when single scans have ended and heatmaps are made, `reader` reads the images
    of items, `access` tells which places jobs may name, `waiting_room` bounds the requests that
    wait for a worker, `streams` those that are answered for long, `fetching` and `decoding` those
    that show an image.
    """

    settings: Settings
    database: Database
    queue: TaskQueue
    endings: Endings
    storage: Storage
    reader: ItemReader
    access: Access
    waiting_room: BoundedSemaphore
    streams: BoundedSemaphore
    fetching: Places
    decoding: Places

    def ring(self, *messages: Message) -> None:
        """Send the messages after a commit; without a broker, recovery finds what they are for."""
        for message in messages:
            try:
                self.queue.send(message)
            except BrokerUnavailableError as error:
                log.warning("message_not_sent", task=message.task, reason=str(error))


def services() -> Services:
    """Return the collaborators of the application that answers the current request."""
    return current_app.extensions[EXTENSION]
