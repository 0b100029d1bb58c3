"""One typed, validated object for everything that can be set, from the environment and `.env`.

Only doors (cli, api, workers) build it; everything below takes plain arguments.
"""

import os
import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.errors import ConfigurationError

SHIPPED_MODELS = Path(__file__).resolve().parent.parent / "models"
MAX_SOCKET_PATH_BYTES = 100  # the kernel allows 107


class Settings(BaseSettings):
    """Every setting is the environment variable `FAKESWEEP_<NAME>`; see docs/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix="FAKESWEEP_",
        env_file=".env",
        extra="ignore",
        populate_by_name=True,
        validate_default=True,
        env_ignore_empty=True,
    )

    # Where things live
    data_dir: Path = Field(Path("var"), description="Folder of the embedded stack's files.")
    broker_url: str = Field(
        "",
        validation_alias=AliasChoices("FAKESWEEP_BROKER_URL", "BROKER_URL"),
        description="Redis or Valkey URL; empty: the embedded server's socket in data_dir.",
        repr=False,
    )
    database_url: str = Field(
        "",
        validation_alias=AliasChoices("FAKESWEEP_DATABASE_URL", "DATABASE_URL"),
        description="SQLAlchemy URL; empty: a SQLite file in data_dir.",
        repr=False,
    )
    storage_url: str = Field(
        "", description="Where uploads are kept (file://, s3://, gs://, az://); empty: in data_dir."
    )
    registry_dir: Path = Field(SHIPPED_MODELS, description="Folder of the model versions.")
    allowed_roots: Annotated[list[Path], NoDecode] = Field(
        default=[], description="Folders whose images jobs may name, separated by colons."
    )
    allowed_prefixes: Annotated[list[str], NoDecode] = Field(
        default=[],
        description="Buckets or prefixes (s3://, gs://, az://) whose images jobs may name, "
        "separated by commas or spaces.",
    )
    url_sources: bool = Field(True, description="Whether jobs may name images by https URL.")
    outbound_allowed_networks: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        default=[],
        description="Private networks that image URLs and webhooks may reach (10.1.0.0/16), "
        "separated by commas or spaces; plain http is accepted there.",
    )
    outbound_ca_file: Path | None = Field(
        None, description="Certificate authorities to trust instead of the public ones, PEM."
    )

    # The API
    api_host: str = Field("127.0.0.1", description="Address that the API listens on.")
    api_port: int = Field(8780, ge=1, le=65535, description="Port that the API listens on.")
    require_api_keys: Literal["auto", "always", "never"] = Field(
        "auto", description="Whether callers need an API key; auto: when listening beyond loopback."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=8, description="Reverse proxies whose X-Forwarded-For and -Proto are believed."
    )
    rate_limit: str = Field(
        "6000/minute", description="Most requests of a key, or of an address; off: any number."
    )
    rate_limit_submissions: str = Field(
        "600/minute", description="Most scans, jobs and uploads that it may begin; off: any number."
    )
    api_threads: int = Field(8, ge=1, le=256, description="Request threads of the API.")
    max_upload_bytes: int = Field(4 * 1024**3, ge=1, description="Largest request body, bytes.")
    max_upload_files: int = Field(10_000, ge=1, description="Most files in one request.")
    max_streams: int = Field(
        0, ge=0, description="Most exports and event streams at a time; 0: half of the threads."
    )
    max_resumable_bytes: int = Field(
        64 * 1024**3, ge=1, description="Largest file that arrives as a resumable upload, bytes."
    )
    max_wait_s: float = Field(60, gt=0, le=600, description="Longest `Prefer: wait`, seconds.")

    # Images and archives
    max_image_bytes: int = Field(20 * 1024**2, ge=1024, description="Largest image file, bytes.")
    max_image_pixels: int = Field(64_000_000, ge=1024, description="Most pixels of an image.")
    max_archive_items: int = Field(1_000_000, ge=1, description="Most files in an archive.")
    max_archive_bytes: int = Field(
        64 * 1024**3, ge=1, description="Most bytes that an archive may unpack to."
    )

    # Jobs
    shard_size: int = Field(64, ge=1, le=4096, description="Items of a shard.")
    shards_in_broker: int = Field(256, ge=1, description="Most shards of one job queued at once.")
    lease_s: float = Field(
        30, gt=0, description="How long a shard stays with a worker that stopped answering."
    )
    longest_shard_s: float = Field(
        1800, gt=0, description="A worker that has a shard in hand for longer loses it, seconds."
    )
    max_attempts: int = Field(3, ge=1, description="Failures before a shard is halved.")
    recovery_interval_s: float = Field(5, gt=0, description="Between recovery sweeps, seconds.")

    # Webhooks
    webhook_rotation_s: float = Field(
        86_400,
        ge=0,
        description="How long the old secret of a webhook signs beside the new one, seconds.",
    )

    # Retention
    keep_uploads_days: int = Field(
        30, ge=0, description="Days that a job's uploads are kept after its end; 0: forever."
    )
    keep_jobs_days: int = Field(
        0, ge=0, description="Days that jobs and verdicts are kept after their end; 0: forever."
    )
    keep_deliveries_days: int = Field(
        30, ge=0, description="Days that a webhook's log goes back; 0: forever."
    )

    # Workers
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, ...")
    engine: Literal["auto", "torch", "openvino"] = Field(
        "auto", description="What runs the network; auto: OpenVINO on a CPU, if installed."
    )
    worker_nice: int = Field(
        10, ge=0, le=19, description="Niceness of a worker: the API and the database come first."
    )
    worker_threads: int = Field(3, ge=1, le=256, description="Shards in hand at once.")
    decode_threads: int = Field(0, ge=0, le=256, description="Decoding threads; 0: by the cores.")
    torch_threads: int = Field(
        0, ge=0, le=256, description="Threads of a forward pass on a CPU; 0: by the cores."
    )
    batch_size: int = Field(0, ge=0, le=4096, description="Most images a batch; 0: the best one.")
    device_timeout_s: float = Field(
        120, gt=0, description="A worker ends, to be started anew, when a batch takes longer."
    )
    batch_linger_ms: float = Field(5, ge=0, description="Wait for a fuller batch, milliseconds.")

    # Clients
    api_key: str = Field(
        "", description="API key that `scan --url` and `jobs` send to the server.", repr=False
    )

    # Logs
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe level that is logged."
    )
    log_format: Literal["console", "json"] = Field("console", description="How a line is written.")

    @field_validator("allowed_roots", mode="before")
    @classmethod
    def _split_roots(cls, value: object) -> object:
        if isinstance(value, str):
            return [part for part in value.split(os.pathsep) if part]
        return value

    @field_validator("allowed_prefixes", "outbound_allowed_networks", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("allowed_prefixes")
    @classmethod
    def _require_buckets(cls, value: list[str]) -> list[str]:
        for prefix in value:
            if not re.match(r"(s3|gs|az)://[^/]", prefix):
                raise ValueError(f"{prefix} must be written as s3://bucket/prefix (or gs, az).")
        return [prefix.rstrip("/") for prefix in value]

    @model_validator(mode="after")
    def _fill_embedded_defaults(self) -> Self:
        self.data_dir = self.data_dir.expanduser().resolve()
        self.registry_dir = self.registry_dir.expanduser().resolve()
        self.allowed_roots = [root.expanduser().resolve() for root in self.allowed_roots]
        self.broker_url = self.broker_url or f"redis+socket://{self.broker_socket}"
        self.database_url = self.database_url or f"sqlite:///{self.data_dir / 'fakesweep.db'}"
        self.storage_url = self.storage_url or (self.data_dir / "storage").as_uri()
        return self

    @property
    def broker_socket(self) -> Path:
        """Unix socket of the embedded broker."""
        return self.data_dir / "run" / "broker.sock"

    @property
    def uses_embedded_broker(self) -> bool:
        """True when no other broker was named."""
        return self.broker_url == f"redis+socket://{self.broker_socket}"

    def as_environment(self) -> dict[str, str]:
        """Return the settings as environment variables, to hand them to a child process."""
        values = self.model_dump(mode="json")
        values["allowed_roots"] = os.pathsep.join(values["allowed_roots"])
        for name in ("allowed_prefixes", "outbound_allowed_networks"):
            values[name] = " ".join(values[name])
        return {
            f"FAKESWEEP_{name.upper()}": "" if value is None else str(value)
            for name, value in values.items()
        }


def load_settings(**overrides: object) -> Settings:
    """Read the settings; raises ConfigurationError with a sentence for each value that is off."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # pyright: ignore[reportArgumentType] - pydantic validates them
    except ValidationError as error:
        faults = "; ".join(
            f"FAKESWEEP_{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ConfigurationError(f"The settings are not valid: {faults}.") from None
