"""The `fakesweep` command: parses, assembles what lies below, shows; decides nothing itself."""
