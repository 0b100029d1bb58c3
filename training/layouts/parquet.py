"""Parquet files as Hugging Face's `datasets` writes them: images within the rows.

    [data/]train-00000-of-00001.parquet   test-...parquet

The column `image` is a struct of `bytes` and `path`, or bytes alone. What the numbers of the
column `label` mean is read from the features in the schema's metadata (key `huggingface`), then
from the dataset card; numbers that neither explains are refused. The split is the file's name.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import DatasetError
from training.layouts.huggingface import named, names_in_card
from training.layouts.labels import split_of
from training.layouts.listing import Entry, Listing, Source, make_listing
from training.layouts.lists import NAMED_LABELS, TOLD, entry_of

NAME = "parquet"
IMAGES = ("image", "img", "images", "picture")


def recognises(path: Path) -> bool:
    """Return whether the path is a Parquet file, or a folder with some and no other list."""
    return bool(_files(path))


def read(source: Source) -> Listing:
    """List the rows of every file, each a member of it named by its number."""
    entries = [entry for file in _files(source.path) for entry in _entries(file, source)]
    return make_listing(source, NAME, entries)


def image_column(schema: pa.Schema, file: Path) -> str:
    """Return the name of the column of images; raises DatasetError."""
    for name in schema.names:
        kind = schema.field(name).type
        inner = kind.field("bytes").type if _is_image(kind) else kind
        if name.casefold() in IMAGES and (pa.types.is_binary(inner) or _is_large(inner)):
            return name
    raise DatasetError(
        f"{file} has no column of images (one of {', '.join(IMAGES)}, as bytes); "
        f"its columns are {', '.join(schema.names)}."
    )


def _is_told(column: pa.Field) -> bool:
    """Return whether a column says something of the image, and is not another one."""
    is_plain = not (_is_image(column.type) or pa.types.is_binary(column.type))
    return column.name.casefold() in TOLD and is_plain and not _is_large(column.type)


def _is_image(kind: pa.DataType) -> bool:
    return isinstance(kind, pa.StructType) and kind.get_field_index("bytes") >= 0


def _is_large(kind: pa.DataType) -> bool:
    return pa.types.is_large_binary(kind)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix == ".parquet" else []
    return sorted(path.glob("*.parquet")) or sorted(path.glob("*/*.parquet"))


def _entries(file: Path, source: Source) -> Iterator[Entry]:
    try:
        schema = pq.read_schema(file)
        image_column(schema, file)
        columns = [name for name in schema.names if _is_told(schema.field(name))]
        rows = pq.read_table(file, columns=columns).to_pylist()
        count = pq.read_metadata(file).num_rows
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(f"{file} could not be read as Parquet ({error}).") from error
    meant = names_in_card(source.path) | _names_in(schema) | dict(source.label_names)
    said = Source(source.name, source.path, source.label, meant)
    split = split_of(re.split(r"[-_.]", file.name)[0]) or split_of(file.parent.name)
    for number, row in enumerate(rows or [{}] * count):
        plain = {name.casefold(): value for name, value in row.items()}
        entry = entry_of(plain, file, said, file, split)
        yield Entry(
            **{**entry.names(), "path": file, "label": entry.label, "split": entry.split},
            member=str(number),
        )


def _names_in(schema: pa.Schema) -> dict[str, int]:
    """Return what the label's numbers mean by the features that `datasets` keeps in the schema."""
    stored = (schema.metadata or {}).get(b"huggingface")
    try:
        features: Any = json.loads(stored or b"{}").get("info", {}).get("features", {})
    except (ValueError, AttributeError):
        return {}
    for name, feature in features.items():
        if name.casefold() in NAMED_LABELS and isinstance(feature, dict) and feature.get("names"):
            return named(feature["names"])
    return {}
