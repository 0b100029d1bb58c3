"""The HTTP door: parses, calls one function, shapes the answer. Never imports torch."""
