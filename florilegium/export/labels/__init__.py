"""Write the record of labels: Label Studio, CSV, JSON lines, ImageFolder. Path: report -> **export**.

`florilegium.source.labels` reads all of it back.
"""

from florilegium.export.labels.imagefolder import write_imagefolder
from florilegium.export.labels.record import Labelled, Written
from florilegium.export.labels.studio import write_studio
from florilegium.export.labels.tables import write_csv, write_jsonl

__all__ = ["Labelled", "Written", "write_csv", "write_imagefolder", "write_jsonl", "write_studio"]
