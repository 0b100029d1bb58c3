"""What answers carry of model versions."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class ModelView(BaseModel):
    """A model version of the registry."""

    id: str = Field(examples=["fakesweep-vit-small-3"])
    aliases: list[str]
    registered_at: datetime
    card: dict[str, Any] = Field(description="The model card: data, metrics per source, limits.")


class ModelList(BaseModel):
    """All model versions, newest first."""

    models: list[ModelView]
