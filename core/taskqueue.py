"""Every queue, task name and message shape, and the one Celery factory of all processes.

The database is the truth and the broker a doorbell: a message says what kind of work waits, never
which, and losing all of them loses nothing.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from celery import Celery
from celery.app.amqp import AMQP
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.exceptions import OperationalError

from core.errors import BrokerUnavailableError

PURGE_INTERVAL_S = 300.0
RECONNECT_S = 1.0
EXCHANGE = Exchange("fakesweep", type="direct")


class QueueName(StrEnum):
    """The broker's queues: what must not wait behind scans, what people wait for, bulk scans."""

    CONTROL = "control"
    INTERACTIVE = "interactive"
    BULK = "bulk"


class TaskName(StrEnum):
    """The tasks by name, so that the API sends them without importing the workers."""

    PLAN_JOB = "fakesweep.plan_job"
    SCAN_NEXT = "fakesweep.scan_next"
    EXPLAIN = "fakesweep.explain"
    DELIVER = "fakesweep.deliver"
    RECOVER = "fakesweep.recover"
    PURGE = "fakesweep.purge"


@dataclass(frozen=True)
class Message:
    """One task message: which task, on which queue."""

    task: TaskName
    queue: QueueName


class TaskQueue(Protocol):
    """Sends messages; a test records them instead."""

    def send(self, message: Message) -> None:
        """Put the message into the broker; raises BrokerUnavailableError."""
        ...

    def depth(self, queue: QueueName) -> int:
        """Return how many messages wait in the queue; raises BrokerUnavailableError."""
        ...


def plan_job() -> Message:
    """Ask a worker to plan jobs, which is to list sources and write shards, until none waits."""
    return Message(TaskName.PLAN_JOB, QueueName.CONTROL)


def scan_next(*, interactive: bool) -> Message:
    """Ask a worker to scan the shard whose turn it is; it goes on until none waits."""
    return Message(TaskName.SCAN_NEXT, QueueName.INTERACTIVE if interactive else QueueName.BULK)


def explain() -> Message:
    """Ask a worker to make the heatmaps that were asked for."""
    return Message(TaskName.EXPLAIN, QueueName.INTERACTIVE)


def deliver() -> Message:
    """Ask a worker to send what is due to webhooks."""
    return Message(TaskName.DELIVER, QueueName.CONTROL)


def purge() -> Message:
    """Ask a worker to purge the jobs that were deleted, and all that is too old."""
    return Message(TaskName.PURGE, QueueName.CONTROL)


class CeleryTaskQueue:
    """Sends messages through Celery."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, message: Message) -> None:
        """Put the message into the broker; gives up after about a second without one."""
        try:
            self._app.send_task(message.task, queue=message.queue)
        except (OperationalError, OSError) as error:
            raise BrokerUnavailableError(
                f"The broker does not answer ({error}); start it or correct BROKER_URL."
            ) from error

    def depth(self, queue: QueueName) -> int:
        """Return how many messages wait in the queue, not counting those that a worker holds."""
        try:
            with self._app.connection_for_write() as connection:
                found = declared(queue)(connection.default_channel).queue_declare()
                return found.message_count
        except (OperationalError, OSError) as error:
            raise BrokerUnavailableError(
                f"The broker does not answer ({error}); start it or correct BROKER_URL."
            ) from error


class SteadyConnection(Connection):
    """Asks for a broker that is away every second, for as long as it takes.

    The pauses of Celery and kombu grow to half a minute, in which a worker would be deaf although
    the broker is back.
    """

    def ensure_connection(self, *arguments: Any, **options: Any) -> Connection:  # noqa: ANN401
        """Connect, as kombu's does with these arguments, but with short pauses."""
        return super().ensure_connection(*arguments, **{"interval_max": RECONNECT_S} | options)


class SteadyAMQP(AMQP):
    """Celery's way to the broker, over steady connections."""

    Connection = SteadyConnection


def create_celery(broker_url: str, *, recovery_interval_s: float = 15) -> Celery:
    """Build the Celery application that every process shares; it connects on first use.

    The broker options come from measurements: restoring unacknowledged messages takes 102 s
    with the defaults and 5 to 7 s with both `unacked_restore` options at 1.
    """
    app = Celery("fakesweep", broker=broker_url, amqp=SteadyAMQP, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_create_missing_queues=False,
        task_queues=[declared(name) for name in QueueName],
        task_default_queue=QueueName.CONTROL,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0.2},
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_proc_alive_timeout=60,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": 3600,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "interval_max": RECONNECT_S,
            "queue_order_strategy": "priority",
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
        },
        beat_schedule={
            "recover": {
                "task": TaskName.RECOVER,
                "schedule": recovery_interval_s,
                "options": {"queue": QueueName.CONTROL, "expires": recovery_interval_s},
            },
            "purge": {
                "task": TaskName.PURGE,
                "schedule": PURGE_INTERVAL_S,
                "options": {"queue": QueueName.CONTROL, "expires": PURGE_INTERVAL_S},
            },
        },
        timezone="UTC",
    )
    return app


def declared(name: QueueName) -> Queue:
    """Return the queue under a routing key of its own, so that only its messages get there."""
    return Queue(name, EXCHANGE, routing_key=name)


def require_broker(app: Celery) -> None:
    """Raise BrokerUnavailableError with a sentence when the broker does not answer."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.2, timeout=3)
    except (OperationalError, OSError) as error:
        raise BrokerUnavailableError(
            f"The broker at {app.connection_for_write().as_uri()} does not answer ({error}). "
            "Start it, or set BROKER_URL to the address of one that runs."
        ) from error
