"""Florilegium: from a folder of labelled examples to an honest, contestable classifier.

>>> import florilegium
>>> florilegium.__version__
'0.1.0'
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from florilegium.project import Project, load, new, restore

# ONNX Runtime (seen in 1.32) numbers the device in the user's home and collects reports of use there, to send them to
# its maker. What is done here is nobody else's business. It reads this when first imported; 0 leaves it to its habit.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
__all__ = ["Project", "__version__", "load", "new", "restore"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attributes have no common type
    """Load the project's machinery when it is first asked for: importing the package stays quick."""
    if name in __all__:
        from florilegium import project  # late on purpose: half a second of NumPy and SQL

        return getattr(project, name)
    raise AttributeError(f"module 'florilegium' has no attribute {name!r}")
