"""Breaks a running system on purpose, and checks that nothing was lost or done twice by it.

Real workers, beat and API around a real Postgres and Valkey; only the model is a pretended one.
"""
