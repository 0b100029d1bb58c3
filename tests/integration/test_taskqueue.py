"""The task queue on a real broker: each message reaches its own queue, and only that one."""

from collections.abc import Iterator

import pytest

from core.errors import BrokerUnavailableError
from core.taskqueue import (
    CeleryTaskQueue,
    QueueName,
    create_celery,
    plan_job,
    require_broker,
    scan_next,
)
from tests.support.services import Server, valkey_server


@pytest.fixture
def broker() -> Iterator[Server]:
    """A broker of the test's own."""
    with valkey_server() as server:
        yield server


def test_a_message_waits_in_its_own_queue_only(broker: Server) -> None:
    """Planning, bulk shards and interactive shards do not mix."""
    queue = CeleryTaskQueue(create_celery(broker.url))
    for message in (
        plan_job(),
        scan_next(interactive=False),
        scan_next(interactive=False),
        scan_next(interactive=True),
    ):
        queue.send(message)
    depths = {name: queue.depth(name) for name in QueueName}
    assert depths == {QueueName.CONTROL: 1, QueueName.BULK: 2, QueueName.INTERACTIVE: 1}


def test_messages_survive_a_kill_of_the_broker(broker: Server) -> None:
    """The embedded broker keeps what was sent through kill -9, and clients find it again."""
    queue = CeleryTaskQueue(create_celery(broker.url))
    queue.send(plan_job())
    broker.kill()
    with pytest.raises(BrokerUnavailableError, match="does not answer"):
        queue.send(plan_job())
    broker.restart()
    queue.send(plan_job())
    assert queue.depth(QueueName.CONTROL) == 2


def test_a_broker_that_is_down_is_a_sentence(broker: Server) -> None:
    """Who needs the broker is told where it was looked for."""
    app = create_celery(broker.url)
    require_broker(app)
    broker.kill()
    with pytest.raises(BrokerUnavailableError, match=r"broker\.sock does not answer"):
        require_broker(app)


def test_a_broker_that_is_away_is_asked_again_every_second(broker: Server) -> None:
    """The pauses do not grow, so that it is found soon after it is back, however long that took."""
    pauses: list[float] = []

    def tell(_error: Exception, pause_s: float) -> None:
        pauses.append(pause_s)
        if len(pauses) == 3:
            broker.restart()

    broker.kill()
    with create_celery(broker.url).connection_for_read() as connection:
        connection.ensure_connection(tell)
        assert connection.connected
    assert pauses == [1, 1, 1]
