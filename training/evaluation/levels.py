"""Images, frames of videos, and videos: what a row of an evaluation counts.

A video's score is the mean of the scores of its frames.
"""

from collections.abc import Iterator
from enum import StrEnum

import pandas as pd

VIDEO = ["dataset", "method", "label", "video_id"]


class Level(StrEnum):
    """What is counted: each image, each frame, each video, or images and frames alike."""

    IMAGE = "image"
    FRAME = "frame"
    VIDEO = "video"
    MIXED = "image and frame"


def levels(table: pd.DataFrame) -> Iterator[tuple[Level, pd.DataFrame]]:
    """Yield the table at each level that it has; the first one holds every row.

    The table has the columns dataset, method, label, video_id and frame (empty and -1 outside of
    videos), score, uncalibrated, group and reason.
    """
    is_frame = (table["video_id"] != "") & (table["frame"] >= 0)
    frames = table.loc[is_frame]
    if frames.empty:
        yield Level.IMAGE, table
        return
    if len(frames) < len(table):
        yield Level.MIXED, table
        yield Level.IMAGE, table.loc[~is_frame]
    yield Level.FRAME, frames
    yield Level.VIDEO, by_video(frames)


def by_video(frames: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each video, with the mean scores of those of its frames that have one.

    A video without any has the reason that most of its frames have.
    """
    sound = frames["reason"] == ""
    videos = frames.groupby(VIDEO, sort=False)
    scored = frames.loc[sound].groupby(VIDEO, sort=False)[["score", "uncalibrated"]].mean()
    reasons = frames.loc[~sound].groupby(VIDEO, sort=False)["reason"].agg(lambda one: one.mode()[0])
    table = videos[["group", "source_id"]].first().join(scored).join(reasons)
    table.loc[table["score"].notna(), "reason"] = ""
    return table.reset_index().assign(frame=-1)
