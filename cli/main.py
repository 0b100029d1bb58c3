"""The `fakesweep` command: the list of commands, and how their errors reach a person."""

from typing import IO, Any

import click

from cli.lazy import LazyCommand, LazyGroup
from core.errors import ConfigurationError, FakesweepError

COMMANDS = {
    "scan": LazyCommand("cli.scan:scan", "Scan an image or a folder; a verdict for each image."),
    "up": LazyCommand("cli.up:up", "Run everything: broker, API with web pages, workers, beat."),
    "api": LazyCommand("cli.api:api", "Run the HTTP API with its web pages."),
    "worker": LazyCommand("cli.worker:worker", "Run a worker, which scans."),
    "beat": LazyCommand("cli.beat:beat", "Run the clock of the recovery sweeps."),
    "jobs": LazyCommand("cli.jobs.group:jobs", "Submit, follow, export and delete jobs."),
    "keys": LazyCommand("cli.keys:keys", "Make, list, limit and revoke API keys."),
    "webhooks": LazyCommand("cli.webhooks.group:webhooks", "Let a server tell you when jobs end."),
    "models": LazyCommand("cli.models:models", "List, register and promote model versions."),
    "purge": LazyCommand("cli.purge:purge", "Delete now what is not kept any more."),
    "doctor": LazyCommand("cli.doctor.command:doctor", "Say what is wrong, and what to do."),
    "completion": LazyCommand("cli.completion:completion", "Let your shell complete commands."),
    "db": LazyCommand("cli.db:db", "Look after the database."),
    "train": LazyCommand("training.cli:train", "Train, evaluate and publish a model version."),
}


class Failure(click.ClickException):
    """An error of ours, as click shows it: its sentence alone, without a traceback."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the sentence to standard error, unwrapped."""
        click.echo(f"Error: {self.message}", file=file, err=file is None)


class ConfigurationFailure(Failure):
    """One that the person at the terminal can put right."""

    exit_code = 2


class Root(LazyGroup):
    """The group that turns errors of ours into a sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; anything unexpected keeps its traceback."""
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            raise ConfigurationFailure(str(error)) from error
        except FakesweepError as error:
            raise Failure(str(error)) from error


main = Root(
    name="fakesweep",
    lazy=COMMANDS,
    help="Self-hosted deepfake scanning at bulk scale: one calibrated verdict for each image.\n\n"
    "Settings are environment variables, or lines of a .env file; see docs/settings.md.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
click.version_option(package_name="fakesweep")(main)

if __name__ == "__main__":
    main(prog_name="fakesweep")
