"""The columns of a prepared dataset."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import DatasetError
from training.schema import SCHEMA, read_items, write_items


def rows(n: int = 2) -> pd.DataFrame:
    """Return rows of which the first has a face."""
    text = {name: "x" for name in SCHEMA.names if SCHEMA.field(name).type == pa.string()}
    whole = {name: 1 for name in SCHEMA.names if SCHEMA.field(name).type == pa.int64()}
    pixels = {name: 1.5 for name in SCHEMA.names if SCHEMA.field(name).type == pa.float32()}
    table = pd.DataFrame([{**text, **whole, **pixels, "landmarks": [0.5] * 10}] * n)
    table.loc[1:, list(pixels)] = np.nan
    table["landmarks"] = [[0.5] * 10, *[[]] * (n - 1)]
    return table


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Types are those of the schema; no face is NaN and an empty list, never a null."""
    write_items(rows(), tmp_path / "items.parquet")
    items = read_items(tmp_path / "items.parquet")
    assert list(items.columns) == SCHEMA.names
    assert items["label"].dtype == np.int64
    assert items["face_x0"].tolist()[0] == 1.5
    assert np.isnan(items["face_x0"].tolist()[1])
    assert [len(points) for points in items["landmarks"]] == [10, 0]
    assert pq.read_table(tmp_path / "items.parquet")["face_x0"].null_count == 0


def test_other_columns_are_refused(tmp_path: Path) -> None:
    """A dataset of an earlier release is named, with what to do."""
    pq.write_table(pa.table({"path": ["a"], "source": ["b"]}), tmp_path / "items.parquet")
    with pytest.raises(DatasetError, match="prepare the dataset again"):
        read_items(tmp_path / "items.parquet")
