"""Loads model versions onto this process's device."""

from core.cores import usable_cores
from core.registry import Registry
from core.settings import Settings
from detector.detector import Detector
from detector.preprocess import DecodeLimits
from workers.detectors import Load


def loader(settings: Settings) -> Load:
    """Return the function that loads a model version of the registry and warms it up.

    It raises ModelUnavailableError for one that is missing or altered.
    """
    registry = Registry(settings.registry_dir)
    limits = DecodeLimits(max_bytes=settings.max_image_bytes, max_pixels=settings.max_image_pixels)

    def load(model_version: str) -> Detector:
        files = registry.get(model_version)
        detector = Detector.load(
            files.path,
            engine=settings.engine,
            device=settings.device,
            threads=settings.torch_threads or usable_cores(),
            cache=settings.data_dir / "engines",
            limits=limits,
        )
        detector.warm_up()
        return detector

    return load
