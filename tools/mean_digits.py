"""Make the ten mean digits that the sketchpad shows, from MNIST's training digits, and count how often they are right.

`python -m tools.mean_digits` writes florilegium/export/lab/assets/means.json anew. Needs MNIST (see CONTRIBUTING.md).
"""

import json

from florilegium.export.lab.samples import mean_document
from florilegium.export.lab.site import ASSETS
from florilegium.lab.digits import load


def main() -> None:
    """Read MNIST and write the file."""
    document = mean_document(load("mnist"))
    (ASSETS / "means.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
