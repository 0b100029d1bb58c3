"""What `make bench` and `make bench-size` run: the system and others, as ratios of one run."""
