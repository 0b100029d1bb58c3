"""docker-compose.yml against the code that it starts; no container engine is needed."""

import importlib
import json
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest
from gunicorn.config import Config

from api.app import create_app
from core.settings import Settings, load_settings
from tests.support.containers import FILE, ROOT, Node, commands, load_compose, variables

COMPOSE = load_compose()
SERVICES: dict[str, Node] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
GUNICORN = commands(SERVICES["api"])[0]


def test_the_file_follows_the_compose_specification() -> None:
    """The JSON schema of the Compose specification accepts the file."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(FILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_variable_is_documented() -> None:
    """`.env.example` names each variable, with the default that the file has."""
    text = (ROOT / ".env.example").read_text("utf-8")
    documented = dict(re.findall(r"^(\w+)=(.*)$", text, re.M))
    assert documented == {name: default or "" for name, default in variables().items()}


def test_the_password_has_no_default() -> None:
    """Compose refuses to start before the password is set."""
    assert [name for name, default in variables().items() if default is None] == [
        "POSTGRES_PASSWORD"
    ]


@pytest.mark.parametrize("name", OURS)
def test_every_setting_exists(name: str) -> None:
    """Each FAKESWEEP_ variable of the service is a field of the settings."""
    fields = {f"FAKESWEEP_{field.upper()}" for field in Settings.model_fields}
    assert set(OURS[name]["environment"]) <= fields


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_valid(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's environment loads, and names the services of this file."""
    for variable, value in OURS[name]["environment"].items():
        monkeypatch.setenv(variable, str(value))
    settings = load_settings()
    assert settings.database_url == "postgresql+psycopg://fakesweep:secret@postgres:5432/fakesweep"
    assert settings.broker_url == "redis://redis:6379/0"
    assert not settings.uses_embedded_broker


@pytest.mark.parametrize("name", ["api", "worker", "worker-gpu"])
def test_api_and_workers_see_the_same_files(name: str) -> None:
    """Storage lies in the shared volume; the images are where the allowed root is, read only."""
    mounts = {mount["target"]: mount for mount in SERVICES[name]["volumes"]}
    environment = SERVICES[name]["environment"]
    storage = Path(environment["FAKESWEEP_STORAGE_URL"].removeprefix("file://"))
    assert mounts[str(storage.parent)]["source"] == "storage"
    assert mounts[environment["FAKESWEEP_ALLOWED_ROOTS"]]["read_only"]
    assert mounts[environment["FAKESWEEP_REGISTRY_DIR"]]["read_only"]


def test_every_host_path_exists() -> None:
    """Folders of this machine that containers mount, and build contexts, are in the repository."""
    paths = {service["build"]["context"] for service in OURS.values()}
    for service in OURS.values():
        paths |= {
            mount["source"] for mount in service.get("volumes", []) if mount["type"] == "bind"
        }
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_every_named_volume_and_network_is_declared() -> None:
    """What a service mounts or joins is declared at the end of the file, and nothing else is."""
    mounted: set[str] = set()
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            short = isinstance(mount, str)
            if short or mount["type"] == "volume":
                mounted.add(mount.partition(":")[0] if short else mount["source"])
    joined = {name for service in SERVICES.values() for name in service["networks"]}
    assert (mounted, joined) == (set(COMPOSE["volumes"]), set(COMPOSE["networks"]))


@pytest.mark.parametrize("name", OURS)
def test_every_command_exists(name: str) -> None:
    """The first word is a program of the image, and the words of `fakesweep` are its commands."""
    for program, *arguments in commands(OURS[name]):
        assert entry_points(group="console_scripts", name=program), program
        if program == "fakesweep":
            _require_command(arguments)


def test_gunicorn_takes_its_options() -> None:
    """Each option is one that the installed gunicorn knows, with a value that it accepts."""
    config = Config()
    given = vars(config.parser().parse_args(GUNICORN[1:]))
    for option, value in given.items():
        if option != "args" and value is not None:
            config.set(option, value)
    threads = SERVICES["api"]["environment"]["FAKESWEEP_API_THREADS"]
    assert str(config.settings["threads"].get()) == threads


def test_gunicorn_finds_the_application() -> None:
    """`api.wsgi:create()` names a function that needs no arguments."""
    module, _, call = GUNICORN[-1].partition(":")
    assert call == "create()"
    assert callable(importlib.import_module(module).create)


def test_the_api_requires_keys() -> None:
    """Whatever address it is told that it listens on."""
    assert SERVICES["api"]["environment"]["FAKESWEEP_REQUIRE_API_KEYS"] == "always"


def test_the_health_check_asks_a_route_of_the_api(tmp_path: Path) -> None:
    """The check is Python that compiles, and asks for a path that the API serves."""
    *_, program, flag, code = SERVICES["api"]["healthcheck"]["test"]
    assert [program, flag] == ["python", "-c"]
    compile(code, "healthcheck", "exec")
    (path,) = re.findall(r"http://127\.0\.0\.1:8780(/\w+)", code)
    routes = create_app(load_settings(data_dir=tmp_path)).url_map.iter_rules()
    assert path in {rule.rule for rule in routes}


@pytest.mark.parametrize("name", SERVICES)
def test_health_is_checked_or_the_reason_is_given(name: str) -> None:
    """A service has a health check, runs only once, or states why it has none."""
    service = SERVICES[name]
    once = service["restart"] == "no"
    assert "healthcheck" in service or once or len(service["x-no-healthcheck"]) > 40


@pytest.mark.parametrize("name", OURS)
def test_services_wait_for_what_they_need(name: str) -> None:
    """Health is waited for where it is checked, the end only of `migrate`, which does end."""
    for other, wait in OURS[name]["depends_on"].items():
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert wait["condition"] == "service_completed_successfully"
            assert other == "migrate"


@pytest.mark.parametrize("name", ["worker", "worker-gpu"])
def test_workers_scale(name: str) -> None:
    """Nothing that only one container can have: no name, no host port."""
    assert not {"container_name", "ports", "hostname"} & set(SERVICES[name])
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_the_gpu_worker_starts_only_when_asked_for() -> None:
    """It is behind a profile, reserves an NVIDIA device, and uses it."""
    service = SERVICES["worker-gpu"]
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert (service["profiles"], device["driver"]) == (["gpu"], "nvidia")
    assert service["environment"]["FAKESWEEP_DEVICE"] == "cuda"


def test_only_loopback_is_published() -> None:
    """Host ports are on 127.0.0.1; the broker and the database have none and stay inside."""
    for service in SERVICES.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    for name in ("redis", "postgres"):
        assert "ports" not in SERVICES[name]
        assert SERVICES[name]["networks"] == ["backend"]
    assert COMPOSE["networks"]["backend"] == {"internal": True}


def test_the_broker_keeps_messages() -> None:
    """It writes every message to its volume, and never drops one for want of memory."""
    command = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def _require_command(words: list[str]) -> None:
    command: click.Command = importlib.import_module("cli.main").main
    context = click.Context(command)
    for word in words:
        assert isinstance(command, click.Group), f"`{word}` is not a command of {command.name}"
        found = command.get_command(context, word)
        assert found is not None, f"fakesweep has no command `{' '.join(words)}`"
        command, context = found, click.Context(found, parent=context)
    assert not isinstance(command, click.Group), json.dumps(words)
