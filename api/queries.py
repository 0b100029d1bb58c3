"""What is named in paths and asked for behind them: the schemas that validate both."""

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from api.fields import MAX_METADATA, MetadataPair, Moment
from core.terms import ExportFormat, ItemCode, JobKind, JobState, Label, Outcome, Priority

LONGEST_SIDE = 1600  # of an image that is shown


class JobPath(BaseModel):
    """A job named in the path."""

    job_id: str = Field(description="Id of the job.")


class VerdictPath(BaseModel):
    """A verdict named in the path."""

    verdict_id: str = Field(description="Id of the verdict.")


class UploadPath(BaseModel):
    """A resumable upload named in the path."""

    upload_id: str = Field(description="Id of the upload.")


class ModelPath(BaseModel):
    """A model version named in the path."""

    version: str = Field(pattern=r"^[A-Za-z0-9._-]{1,200}$", description="Id of the model version.")


class PageQuery(BaseModel):
    """Which page of a list."""

    cursor: str | None = Field(None, description="`next_cursor` of the page before.")
    limit: int = Field(100, ge=1, le=1000)


class JobQuery(PageQuery):
    """Which jobs."""

    state: JobState | None = None
    kind: JobKind | None = None
    priority: Priority | None = None
    metadata: list[MetadataPair] = Field(
        [],
        max_length=MAX_METADATA,
        description="`key:value`, as in `campaign:spring`; of several, all must match.",
    )
    created_after: Moment | None = Field(None, description="The moment itself included.")
    created_before: Moment | None = None
    label: Label | None = Field(None, description="Jobs that have verdicts of the label.")
    id: str | None = Field(
        None,
        pattern=r"^job_[0-9a-f]{8,32}$",
        description="A job's id, or its beginning: `job_` and 8 letters or more.",
    )


class RetryQuery(BaseModel):
    """Which failed items of a job are tried again."""

    code: list[ItemCode] = Field(
        [],
        description="Only failed items with this code; of several, with one of them. All without.",
        json_schema_extra={"example": ["fetch_failed"]},
    )


class VerdictQuery(PageQuery):
    """Which verdicts of a job."""

    label: Label | None = None
    outcome: Outcome | None = None
    code: ItemCode | None = Field(None, description="Why they have no score.")
    min_score: float | None = Field(None, ge=0, le=1, description="The score itself included.")
    max_score: float | None = Field(None, ge=0, le=1, description="The score itself included.")

    @field_validator("max_score")
    @classmethod
    def _not_crossed(cls, highest: float | None, given: ValidationInfo) -> float | None:
        lowest = given.data.get("min_score")
        if highest is not None and lowest is not None and highest < lowest:
            raise ValueError(f"No score is at least {lowest:g} and at most {highest:g}.")
        return highest


class ImageQuery(BaseModel):
    """How large an image is to be shown."""

    side: int = Field(LONGEST_SIDE, ge=16, le=LONGEST_SIDE, description="Pixels of the longest.")


class HeatmapQuery(BaseModel):
    """Which heatmap of a verdict."""

    face: int = Field(0, ge=0, le=999, description="Place of the face among the verdict's `faces`.")


class CardsQuery(BaseModel):
    """Which verdicts of a job, in the order of their landing."""

    landing: int = Field(0, ge=0, lt=2**31, description="The last landing that was seen.")


class ExportQuery(BaseModel):
    """Which verdicts of a job, and as which file."""

    format: ExportFormat = ExportFormat.CSV
    label: Label | None = None
    outcome: Outcome | None = None


class EventsQuery(BaseModel):
    """Which events of a job."""

    verdicts: bool = Field(True, description="False: progress and the end alone.")
