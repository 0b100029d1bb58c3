"""The worker door: planner, shard scans, batcher, recovery; each process owns one device."""
