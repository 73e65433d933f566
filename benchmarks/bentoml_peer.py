"""A peer of bench_serve: the same model file behind BentoML, as its guides build a service.

Runs in an environment of its own (benchmarks/make_serving_env.sh): `bentoml serve bentoml_peer:Flowers`, with the model
file in the environment variable PEER_MODEL. Answers two photos side by side, one thread each, as our server does on two
cores. Knows nothing of Florilegium.
"""

import json
import os
import sys

import bentoml
import numpy as np
import onnxruntime
from PIL.Image import Image


@bentoml.service(threads=2, traffic={"timeout": 60})
class Flowers:
    """The classifier."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["PEER_MODEL"], options, providers=["CPUExecutionProvider"]
        )
        self.names = json.loads(self.session.get_modelmeta().custom_metadata_map["classes"])

    @bentoml.api  # type: ignore[untyped-decorator,unused-ignore]  # where it is not installed it has no type
    def predict(self, photo: Image) -> dict[str, float]:
        """Answer one photo."""
        pixels = np.asarray(photo.convert("RGB"), dtype=np.uint8)
        (found,) = self.session.run(["probabilities"], {"image": pixels[None]})
        return dict(zip(self.names, map(float, found[0]), strict=True))


if __name__ == "__main__" and "--check" in sys.argv:
    print(json.dumps({"bentoml": bentoml.__version__, "onnxruntime": onnxruntime.__version__}))
