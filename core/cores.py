"""How many cores this process may use."""


def usable_cores() -> int:
    """Return the number of cores, at least 1, by the process's affinity and the container's quota.

    Half a core of quota counts as one.
    """
    import joblib  # noqa: PLC0415 - 0.3 s, for whoever asks

    return joblib.cpu_count()
