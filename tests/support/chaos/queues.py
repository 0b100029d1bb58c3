"""A task queue that goes wrong, in the place of the real one."""

import os
import signal

from celery import Celery

from core.taskqueue import CeleryTaskQueue, Message
from tests.support.chaos.faults import Fault, Faults


class DeadlyQueue(CeleryTaskQueue):
    """Kills its process instead of sending, while the faults say so."""

    def __init__(self, app: Celery) -> None:
        super().__init__(app)
        self._faults = Faults.from_environment()

    def send(self, message: Message) -> None:
        """Put the message into the broker."""
        if self._faults.is_on(Fault.API_DIES_BEFORE_SENDING):
            os.kill(os.getpid(), signal.SIGKILL)
        super().send(message)
