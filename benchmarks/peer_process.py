"""The side of a peer: read one JSON document, learn, answer, print one. Knows nothing of Florilegium, nor of the peer.

Runs in the peer's own environment (benchmarks/make_NAME_env.sh). What is asked: {"train": [[item, label], ...], "ask":
[item, ...], "threads": 1, "seed": 0} and what the peer needs besides. What is told: {"answers": [label, ...],
"seconds", "cpu_seconds", "answering_seconds", "peak_mib", "versions"}. No label of what it is asked comes near it.
"""

import contextlib
import json
import platform
import resource
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

KIB_PER_MIB = 1024


# Peers have no types that hold.
def serve(
    modules: Callable[[], tuple[ModuleType, ...]],
    learned: Callable[[dict[str, Any]], Any],
    answers: Callable[[Any, list[str]], list[str]],
) -> None:
    """Train and answer once; `--check` only says what is installed.

    Args: modules: imports what is needed.  learned: gives the trained peer.  answers: gives a label per item.
    """
    used = {"python": platform.python_version(), **{each.__name__: str(each.__version__) for each in modules()}}
    if "--check" in sys.argv:
        print(json.dumps(used))
        return
    import torch

    asked = json.load(sys.stdin)
    torch.set_num_threads(asked["threads"])
    began, cpu_began = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(sys.stderr):  # standard output is for the one document
        peer = learned(asked)
        trained, cpu_trained = time.perf_counter(), time.process_time()
        said = answers(peer, asked["ask"])
    document = {
        "answers": said,
        "seconds": trained - began,
        "cpu_seconds": cpu_trained - cpu_began,
        "answering_seconds": time.perf_counter() - trained,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB,
        "versions": used,
    }
    print(json.dumps(document))
