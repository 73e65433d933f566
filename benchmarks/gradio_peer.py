"""A peer of bench_serve: the same model file behind Gradio, as its guides build a classifier's demo.

Runs in an environment of its own (benchmarks/make_serving_env.sh). $1: the model file; $2: the port. Answers two photos
side by side, one thread each, as our server does on two cores. Knows nothing of Florilegium.
"""

import json
import sys
from typing import Any


def main() -> None:
    """Serve until it is ended; `--check` only says what is installed."""
    import gradio
    import numpy as np
    import onnxruntime

    if "--check" in sys.argv:
        print(json.dumps({"gradio": gradio.__version__, "onnxruntime": onnxruntime.__version__}))
        return
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
    names = json.loads(session.get_modelmeta().custom_metadata_map["classes"])

    def classify(photo: Any) -> dict[str, float]:  # noqa: ANN401 - an array (h, w, 3)
        (found,) = session.run(["probabilities"], {"image": np.asarray(photo, dtype=np.uint8)[None]})
        return dict(zip(names, map(float, found[0]), strict=True))

    demo = gradio.Interface(classify, gradio.Image(type="numpy"), gradio.Label(num_top_classes=5), api_name="predict")
    demo.queue(default_concurrency_limit=2).launch(
        server_name="127.0.0.1", server_port=int(sys.argv[2]), quiet=True, share=False
    )


if __name__ == "__main__":
    main()
