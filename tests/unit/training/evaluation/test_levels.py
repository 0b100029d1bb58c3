"""Levels: images, frames and videos are told apart, and a video is the mean of its frames."""

import pytest

from tests.support.scored import scored_table
from training.evaluation.levels import Level, by_video, levels


def frame(video: str, number: int, score: float | None, **more: object) -> dict[str, object]:
    """Return a frame of a video; without a score it has no face."""
    told = {"score": score} if score is not None else {"reason": "no_face"}
    return {"video_id": video, "frame": number, **told, **more}


def test_images_have_one_level() -> None:
    """Without videos there is nothing to aggregate."""
    table = scored_table([{"score": 0.1}, {"score": 0.9, "label": 1}])
    assert [level for level, _ in levels(table)] == [Level.IMAGE]


def test_frames_are_counted_as_frames_and_as_videos() -> None:
    """Four frames of two videos are four rows and two rows."""
    table = scored_table([frame(video, n, 0.5) for video in "ab" for n in range(2)])
    assert [(level, len(rows)) for level, rows in levels(table)] == [
        (Level.FRAME, 4),
        (Level.VIDEO, 2),
    ]


def test_a_mixture_says_so_first() -> None:
    """Images beside frames are measured together, and each for itself."""
    table = scored_table([{"score": 0.1}, frame("a", 0, 0.2), frame("a", 1, 0.4)])
    assert [(level, len(rows)) for level, rows in levels(table)] == [
        (Level.MIXED, 3),
        (Level.IMAGE, 1),
        (Level.FRAME, 2),
        (Level.VIDEO, 1),
    ]


def test_a_video_has_the_mean_score_of_its_scored_frames() -> None:
    """Frames without a face do not count; the score is the mean of the others'."""
    videos = by_video(scored_table([frame("a", 0, 0.2), frame("a", 1, 0.6), frame("a", 2, None)]))
    assert videos["score"].tolist() == pytest.approx([0.4])
    assert videos["reason"].tolist() == [""]


def test_a_video_without_any_scored_frame_has_their_reason() -> None:
    """Nothing is averaged, and the video is counted as unscored."""
    videos = by_video(scored_table([frame("a", 0, None), frame("a", 1, None), frame("b", 0, 0.3)]))
    assert videos["reason"].tolist() == ["no_face", ""]


def test_videos_of_one_name_are_told_apart() -> None:
    """A manipulation may keep the name of what it was made of, and two datasets may share one."""
    table = scored_table(
        [
            frame("a", 0, 0.2),
            frame("a", 0, 0.9, label=1, method="swap"),
            frame("a", 0, 0.8, label=1, method="reenactment"),
            frame("a", 0, 0.1, dataset="other"),
        ]
    )
    assert len(by_video(table)) == 4
