"""Reads what the server answers into dataclasses; fields that a newer server adds are ignored."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from client.answers import Counters, Face, Feedback, Job, ManifestFault, ModelVersion, Scan, Verdict
from client.errors import UnexpectedAnswer

Answer = TypeVar("Answer")


def job_from(data: Mapping[str, Any]) -> Job:
    """Read a job."""
    return read(Job, {**data, "counters": read(Counters, data.get("counters", {}))})


def verdict_from(data: Mapping[str, Any]) -> Verdict:
    """Read a verdict."""
    faces = data.get("faces")
    return read(Verdict, {**data, "faces": None if faces is None else tuple(map(_face, faces))})


def fault_from(data: Mapping[str, Any]) -> ManifestFault:
    """Read a fault of a manifest."""
    return read(ManifestFault, data)


def feedback_from(data: Mapping[str, Any]) -> Feedback:
    """Read what a person says of a verdict."""
    return read(Feedback, data)


def scan_from(data: Mapping[str, Any]) -> Scan:
    """Read a single scan."""
    verdict = data.get("verdict")
    return Scan(job=job_from(data.get("job", {})), verdict=verdict and verdict_from(verdict))


def model_version_from(data: Mapping[str, Any]) -> ModelVersion:
    """Read a model version."""
    return read(ModelVersion, {**data, "aliases": tuple(data.get("aliases", ()))})


def read(answer: type[Answer], data: Mapping[str, Any]) -> Answer:
    """Read an answer of the type; raises UnexpectedAnswer."""
    names = [one.name for one in fields(answer) if one.name in data]  # pyright: ignore[reportArgumentType]
    try:
        return answer(**{name: _value(name, data[name]) for name in names})
    except (TypeError, ValueError) as error:
        raise UnexpectedAnswer(
            f"The server's answer is no {answer.__name__} ({error}); "
            "check that the address is that of a fakesweep server of this version."
        ) from error


def _face(data: Mapping[str, Any]) -> Face:
    return read(Face, {**data, "box": tuple(data.get("box", ()))})


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    if name.endswith("_at") and value is not None:
        return datetime.fromisoformat(value)
    return value
