"""The verdicts of a job as one file: CSV, JSONL or Parquet, streamed at any size."""
