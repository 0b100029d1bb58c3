"""What answers carry of what people say of verdicts."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.schemas import VERDICT_ID
from core.terms import Label


class FeedbackView(BaseModel):
    """What a person says of a verdict."""

    verdict_id: str = VERDICT_ID
    name: str = Field(description="Of the item, as its verdict has it.")
    sha256: str | None
    label: Label | None = Field(description="What the verdict says.")
    truth: Literal[Label.FAKE, Label.REAL] = Field(description="What the person says.")
    is_right: bool | None = Field(description="Whether both agree; null of an uncertain verdict.")
    note: str | None
    given_at: datetime


class FeedbackPage(BaseModel):
    """One page of what people say of a job's verdicts, in submission order."""

    feedback: list[FeedbackView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page.")
