"""The error tree. Every message is a sentence a person can act on; the doors translate it once."""

from core.terms import ItemCode, Outcome


class FakesweepError(Exception):
    """Anything this system raises on purpose; `str(error)` is a sentence for a person."""


class ConfigurationError(FakesweepError):
    """The settings, the machine or a needed service do not allow what was asked; exit code 2."""


class ModelUnavailableError(ConfigurationError):
    """No such model version, or its files are missing, altered or unreadable."""


class ConversionError(ConfigurationError):
    """A network could not be converted for the engine that was to run it."""


class BrokerUnavailableError(ConfigurationError):
    """The broker does not answer."""


class DatasetError(FakesweepError):
    """Training data that cannot be used as it is."""


class SourceError(FakesweepError):
    """The source of a job cannot be read; the job fails with this sentence."""


class StorageError(FakesweepError):
    """Bytes could not be read from, or written to, storage."""


class StorageFullError(StorageError):
    """Storage takes no more bytes: the disk, or the bucket's quota, is full."""


class NotFoundError(FakesweepError):
    """The named job, verdict or model version does not exist."""


class GoneError(NotFoundError):
    """What is named existed, and has expired."""


class ConflictError(FakesweepError):
    """The request contradicts what is stored."""


class QuotaError(FakesweepError):
    """An API key has used up what it may; `retry_after_s` says when to try again."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RequestError(FakesweepError):
    """A client's request cannot be carried out as it stands."""


class ItemError(FakesweepError):
    """One image cannot be scored. It ends the item, never its shard.

    `outcome` and `code` become the verdict's; the message becomes its sentence.
    """

    outcome = Outcome.FAILED

    def __init__(self, code: ItemCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotApplicableError(ItemError):
    """The image is sound, but there is nothing in it to score."""

    outcome = Outcome.NOT_APPLICABLE
