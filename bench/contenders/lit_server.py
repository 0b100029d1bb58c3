"""The server of LitServe: `python -m bench.contenders.lit_server PORT`."""

import sys
from concurrent.futures import ThreadPoolExecutor

import litserve

from bench.place import Place
from bench.workloads import Scanner

BATCH_TIMEOUT_S = 0.005


class ScanAPI(litserve.LitAPI):
    """Decodes a batch by threads and forwards it."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe passes it
        """Load the engine in the server's worker process."""
        self._place = Place.here()
        self._scanner = Scanner.load(self._place)
        self._decoders = ThreadPoolExecutor(self._place.threads)

    def decode_request(self, request: dict[str, str], **_: object) -> str:
        """Return the path of the image."""
        return request["image"]

    def batch(self, inputs: list[str]) -> list[str]:
        """Return the paths as they are."""
        return inputs

    def predict(self, x: list[str], **_: object) -> list[float]:
        """Return P(fake) of each image."""
        pixels = self._scanner.prepare_by(self._decoders, x, parts=self._place.threads)
        return self._scanner.scores(pixels)

    def unbatch(self, output: list[float]) -> list[float]:
        """Return the scores as they are."""
        return output

    def encode_response(self, output: float, **_: object) -> dict[str, float]:
        """Return the answer to a request."""
        return {"score": output}


def main() -> None:
    """Serve until a SIGTERM."""
    api = ScanAPI(max_batch_size=Place.here().batch, batch_timeout=BATCH_TIMEOUT_S)
    server = litserve.LitServer(api, accelerator="cpu", devices=1, workers_per_device=1)
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", generate_client_file=False
    )


if __name__ == "__main__":
    main()
