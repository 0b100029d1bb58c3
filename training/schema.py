"""The columns of `items.parquet`, one row an image file; docs/datasets.md tells of them."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import DatasetError

_TEXT, _WHOLE, _PIXELS = pa.string(), pa.int64(), pa.float32()
SCHEMA = pa.schema(
    [
        pa.field(name, kind, nullable=False)
        for name, kind in (
            ("path", _TEXT),  # an image file
            ("label", _WHOLE),  # 0 real, 1 fake
            ("dataset", _TEXT),  # what metrics are reported by
            ("method", _TEXT),  # "real", or what made the fake; "" unknown
            ("video_id", _TEXT),  # within the dataset; "" not of a video
            ("frame", _WHOLE),  # -1: not of a video
            ("identity_a", _TEXT),  # who is seen
            ("identity_b", _TEXT),  # whose face or expression was put on
            ("source_id", _TEXT),  # the recording that a fake was made of, or the real's own
            ("split", _TEXT),  # train, validation or test
            ("compression", _TEXT),  # c0, c23 or c40; "" unknown
            ("sha256", _TEXT),
            ("phash", _TEXT),  # 16 hexadecimal digits
            ("width", _WHOLE),  # of the displayed image, in pixels
            ("height", _WHOLE),
            ("jpeg_quality", _WHOLE),  # 1 to 100 by the quantization tables; -1 no JPEG
            ("size_bytes", _WHOLE),
            ("group", _WHOLE),  # what is connected, and never in two splits
            ("face_x0", _PIXELS),  # the largest face, in pixels of the displayed image;
            ("face_y0", _PIXELS),  # NaN: none
            ("face_x1", _PIXELS),
            ("face_y1", _PIXELS),
            ("face_score", _PIXELS),
            ("landmarks", pa.list_(_PIXELS)),  # x, y of eyes, nose, mouth corners; [] none
            ("n_faces", _WHOLE),
        )
    ]
)


def write_items(items: pd.DataFrame, file: Path) -> None:
    """Write the rows of a dataset, in the columns and types of the schema."""
    columns = {name: items[name].tolist() for name in SCHEMA.names}  # NaN stays a number
    pq.write_table(pa.Table.from_pydict(columns, SCHEMA), file)


def read_items(file: Path) -> pd.DataFrame:
    """Read what `write_items` wrote; raises DatasetError for other columns, OSError, ValueError."""
    table = pq.read_table(file)
    if not table.schema.equals(SCHEMA):
        raise DatasetError(
            f"{file} was prepared by another release of fakesweep, and has other columns; "
            "prepare the dataset again."
        )
    return table.to_pandas()
