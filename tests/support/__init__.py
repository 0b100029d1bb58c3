"""Fakes, factories and real services that the tests share."""
