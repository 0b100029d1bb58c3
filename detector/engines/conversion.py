"""Converts a network to OpenVINO's form, in a process of its own.

Torch, Transformers and the tracing take time and hundreds of MB, none of which a process that only
runs the network need keep: so the workers call `convert`, and this module is run by `python -m`.
"""

import json
import subprocess
import sys
import warnings
from pathlib import Path

from core.errors import ConversionError
from detector.preprocess import PreprocessingSpec

MODEL = "model.xml"


def convert(folder: Path, spec: PreprocessingSpec, out: Path) -> None:
    """Write the network of a folder to `out`/model.xml: uint8 [n, 3, size, size] to margins [n].

    The margins are float32. Raises ConversionError with the last line of what went wrong.
    """
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(folder.resolve()), str(out.resolve())],
        input=json.dumps(spec.to_dict()),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise ConversionError(
            f"The network in {folder} could not be converted for OpenVINO: {reason} "
            f"(exit status {done.returncode}); set FAKESWEEP_ENGINE=torch to do without."
        )


def _convert_here(folder: Path, spec: PreprocessingSpec, out: Path) -> None:
    import torch  # noqa: PLC0415 - by the process of its own alone, here and below

    from detector.engines.openvino_models import openvino  # noqa: PLC0415
    from detector.vit import Margin, load_vit  # noqa: PLC0415

    example = torch.zeros(2, 3, spec.size, spec.size, dtype=torch.uint8)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of tracing: that sizes become constants is meant so
        network = Margin(load_vit(folder), spec).eval()
        model = openvino.convert_model(network, example_input=example)
    model.reshape([-1, 3, spec.size, spec.size])
    openvino.save_model(model, out / MODEL, compress_to_fp16=False)


if __name__ == "__main__":
    _convert_here(
        Path(sys.argv[1]), PreprocessingSpec.from_dict(json.load(sys.stdin)), Path(sys.argv[2])
    )
