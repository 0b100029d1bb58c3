"""Reads docker-compose.yml and the Dockerfile far enough to hold them against the code.

Of Compose: merges, and the defaults of `${VARIABLE:-default}`. Of Dockerfiles: instructions.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<sign>:[-?])(?P<rest>[^}]*))?\}")
REQUIRED = {"POSTGRES_PASSWORD": "secret"}

Node = dict[str, Any]  # what YAML gives


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile: its upper-case word, and the rest on one line."""

    word: str
    rest: str


def load_dockerfile() -> list[list[Instruction]]:
    """Return the instructions of each stage, its FROM first; what comes before is left out."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.M)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    stages: list[list[Instruction]] = []
    for word, _, rest in (line.partition(" ") for line in lines if line):
        if word == "FROM":
            stages.append([])
        if stages:
            stages[-1].append(Instruction(word, rest.strip()))
    return stages


def load_compose() -> Node:
    """Return the file with its variables at their defaults, the needed ones at test values."""
    return yaml.safe_load(VARIABLE.sub(_default, FILE.read_text("utf-8")))


def variables() -> dict[str, str | None]:
    """Return the variables of the file with their defaults, None for those that must be set."""
    found = VARIABLE.finditer(FILE.read_text("utf-8"))
    return {one["name"]: one["rest"] if one["sign"] == ":-" else None for one in found}


def commands(service: Node) -> list[list[str]]:
    """Return the programs that the service's command runs, each with its arguments."""
    command = service["command"]
    words = shlex.split(command) if isinstance(command, str) else command
    if words[:2] == ["sh", "-c"]:
        (script,) = words[2:]
        return [shlex.split(part) for part in script.split("&&")]
    return [words]


def _default(found: re.Match[str]) -> str:
    if found["sign"] == ":-":
        return found["rest"]
    return REQUIRED[found["name"]]
