"""Pictures for reviewers: what was contested, and training examples beside it. Path: project -> **serve**.

A picture goes out decoded and encoded anew, never as the bytes that somebody sent.
"""

from functools import lru_cache

from florilegium.errors import FlorilegiumError, ItemError
from florilegium.features.decode import decode, max_pixels_allowed
from florilegium.features.stream import as_rgb
from florilegium.project import Project
from florilegium.project.desk.draw import encoded
from florilegium.project.similar_texts import SimilarTexts
from florilegium.source.base import Files, Pixels, Texts

LARGE, SMALL = 960, 200  # px of the longer side
N_KEPT = 400  # small pictures in memory


def large(content: bytes) -> tuple[bytes, str] | None:
    """Give a picture's bytes and media type for a page; None: it cannot be read."""
    try:
        return encoded(decode(content, short_side=LARGE, max_pixels=max_pixels_allowed()), LARGE)
    except ItemError:
        return None


class Examples:
    """The training items of a project, by name, as pictures and texts."""

    def __init__(self, project: Project) -> None:
        """Load nothing yet: the data is read when the first example is asked for."""
        self._project = project
        self._rows: dict[str, int] | None = None
        self._contents: Files | Pixels | Texts | None = None
        self.similar_texts = SimilarTexts(project)
        self.picture = lru_cache(maxsize=N_KEPT)(self._picture)

    def has_picture(self, name: str) -> bool:
        """Tell whether an example can be shown as a picture."""
        return self._row(name) is not None and not isinstance(self._contents, Texts)

    def text(self, name: str) -> str | None:
        """Give what a text example says; None: it is none, or gone."""
        row = self._row(name)
        return self._contents.strings[row] if row is not None and isinstance(self._contents, Texts) else None

    def _row(self, name: str) -> int | None:
        if self._rows is None:
            try:
                dataset = self._project.holdings().dataset
            except FlorilegiumError:  # the folder is gone: the review goes on without examples
                self._rows = {}
                return None
            self._contents = dataset.contents
            self._rows = {sample.name: i for i, sample in enumerate(dataset.samples)}
        return self._rows.get(name)

    def _picture(self, name: str) -> tuple[bytes, str] | None:
        row, contents = self._row(name), self._contents
        if row is None:
            return None
        try:
            if isinstance(contents, Pixels):
                return encoded(as_rgb(contents.array[row][None])[0], SMALL)
            if isinstance(contents, Files):
                return encoded(decode(contents.paths[row], short_side=SMALL), SMALL)
        except (ItemError, OSError):
            return None
        return None
