"""The model versions that this worker holds on its device, loaded when a job first needs one."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from core.logs import get_logger
from detector.detector import Detector

MAX_LOADED = 2

log = get_logger(__name__)


class Detectors:
    """Gives the detector of a model version; keeps the two that were used last."""

    def __init__(self, load: Callable[[str], Detector]) -> None:
        self._load = load
        self._loaded: OrderedDict[str, Detector] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, model_version: str) -> Detector:
        """Return the detector, loaded and warm; raises ModelUnavailableError."""
        with self._lock:
            if model_version not in self._loaded:
                self._loaded[model_version] = self._load(model_version)
                log.info("model_loaded", model_version=model_version)
            self._loaded.move_to_end(model_version)
            while len(self._loaded) > MAX_LOADED:
                dropped, _ = self._loaded.popitem(last=False)
                log.info("model_dropped", model_version=dropped)
            return self._loaded[model_version]
