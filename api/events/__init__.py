"""A job's events as they happen: progress, verdicts, its end."""
