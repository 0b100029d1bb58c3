"""The embedded stack: broker, API, workers and beat as processes on one machine."""
