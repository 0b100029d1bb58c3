"""`fakesweep jobs`: the jobs of a server, through its API; one module a few commands."""
