"""A model that answers many readers at once. Path: model -> **serve**.

Pictures are decoded and run in as many threads as there are cores; all others wait without holding up the server.
Keeps nothing of what it is asked.
"""

import asyncio
import base64
import io
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from florilegium.errors import ItemError, ModelFileError
from florilegium.export import page_card
from florilegium.features.decode import RAISE, decode, max_pixels_allowed
from florilegium.model import ModelFile, predict_bytes, prediction_dict
from florilegium.model.predict import Prediction
from florilegium.serve.limits import PhotoUnknown, PhotoUnreadable, RequestRefused
from florilegium.serve.uploads import Upload
from florilegium.source.base import Kind
from florilegium.source.sniff import SNIFF_BYTES, image_format

N_BEST = 5  # classes that an answer names
T = TypeVar("T")
PREVIEW_SIDE = 480  # px, of the picture that a page without scripts shows beside its answer


class Classifier:
    """Answers photos with one model; made once, used by every request."""

    def __init__(self, model: ModelFile, *, n_threads: int) -> None:
        """Take an opened model.

        Args: n_threads: photos that are answered side by side, at least 1.
        Raises: ModelFileError: a text model, or its card is damaged.
        """
        if model.card.kind is not Kind.IMAGE:
            raise ModelFileError(
                f"{model.path}: a text model; the page takes photos. Classify texts with: florilegium predict"
            )
        self.model = model
        self.card: Mapping[str, Any] = page_card(model)
        # Threads of its own, which take the next photo off a queue: none waits for the event loop to hand it one.
        self._pool = ThreadPoolExecutor(n_threads, thread_name_prefix="classifier")

    def warm_up(self) -> None:
        """Answer a gray square, so that the first reader waits no longer than the others."""
        self.model.answer_of(np.full((PREVIEW_SIDE, PREVIEW_SIDE, 3), 128, dtype=np.uint8))

    async def answer(self, upload: Upload) -> dict[str, Any]:
        """Give the answer to one photo as `florilegium predict --json` has it; one that cannot be read has `error`."""
        return shown(await self.said(upload))

    async def said(self, upload: Upload) -> Prediction:
        """Give what the model says of one photo."""
        return await self._in_turn(lambda: self._answer(upload, facts=False))

    async def told(self, upload: Upload, tell: Callable[[Prediction], T]) -> T:
        """Give what `tell` makes, in the same thread, of what the model says of one photo and of its file's facts."""
        return await self._in_turn(lambda: tell(self._answer(upload, facts=True)))

    async def answer_with_preview(self, upload: Upload) -> dict[str, Any]:
        """Give the answer with a small `preview` of the photo (a data address), None where there is none."""
        return await self.with_preview(await self.answer(upload), upload)

    async def with_preview(self, answer: dict[str, Any], upload: Upload) -> dict[str, Any]:
        """Put a small `preview` of the photo beside its answer."""
        if "error" in answer:
            return {**answer, "preview": None}
        return {**answer, "preview": await self._in_turn(lambda: _preview(upload))}

    async def _in_turn(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _answer(self, upload: Upload, *, facts: bool) -> Prediction:
        return predict_bytes(self.model, upload.content, name=upload.name, top=N_BEST, facts=facts)


def shown(said: Prediction) -> dict[str, Any]:
    """Give an answer as `florilegium predict --json` has it, without advice that is for the command line."""
    answer = prediction_dict(said)
    return {**answer, "error": answer["error"].replace(RAISE, "")} if "error" in answer else answer


def refusal(upload: Upload, answer: Mapping[str, Any]) -> RequestRefused:
    """Give the refusal for a photo that could not be read: of a format that is not read, or damaged."""
    is_picture = not upload.content or image_format(upload.content[:SNIFF_BYTES]) is not None
    kind = PhotoUnreadable if is_picture else PhotoUnknown
    return kind(f"{upload.name}: {answer['error']}")


def _preview(upload: Upload) -> str | None:
    try:
        pixels = decode(upload.content, short_side=PREVIEW_SIDE, max_pixels=max_pixels_allowed())
    except ItemError:  # pragma: no cover - it was decoded a moment ago
        return None
    image, file = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    image.save(file, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
