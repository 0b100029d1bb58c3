"""What `make bench` runs: the system at its limits, as ratios measured in one run."""
