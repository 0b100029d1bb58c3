"""How many cores this process may use."""

import joblib


def usable_cores() -> int:
    """Return the number of cores, at least 1, by the process's affinity and the container's quota.

    Half a core of quota counts as one.
    """
    return joblib.cpu_count()
