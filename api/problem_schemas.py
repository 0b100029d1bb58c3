"""What answers carry when something is wrong: problems, and how the process is."""

from typing import Literal

from pydantic import BaseModel, Field


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    field: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 says (`application/problem+json`)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="What happened and what to do, in a sentence.")
    request_id: str
    errors: list[Fault] = []


class Health(BaseModel):
    """Whether the process lives, or is ready."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, str] = {}
