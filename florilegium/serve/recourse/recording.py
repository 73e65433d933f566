"""Answers that are recorded before they are given, each with the ticket by which it can be contested.

Path: a browser -> **serve** -> project. The photo or text itself is kept only where chance drew it for a blind audit
and its sender did not object.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from anyio import to_thread
from starlette.requests import Request

from florilegium.model.predict import Prediction
from florilegium.project.recourse import Recourse
from florilegium.serve.classifier import Classifier, shown
from florilegium.serve.uploads import Upload

KEY, MAY_CHECK = "key", "may_check"
HEADER = "idempotency-key"
NO = frozenset({"no", "false", "0", "off"})


class Recording:
    """Records what one project's classifier answers."""

    def __init__(self, recourse: Recourse) -> None:
        """Take the project's recourse."""
        self.recourse = recourse

    async def answer(
        self, classifier: Classifier, upload: Upload, *, key: str | None, fields: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Give the answer to one photo, with its `ticket` where there is one.

        Args: key: of the request, where its header has one.  fields: of the whole form, where all of it was read.
        Raises: InputError: the key or the columns beside the photo will not do.
        """
        given = upload.fields if fields is None else fields

        def tell(said: Prediction) -> tuple[dict[str, Any], Future[Any] | None]:
            if said.error is not None:
                return shown(said), None
            written, ticket = self._begin(upload.content, said, given, key=key, model_id=classifier.model.id)
            return {**shown(said), "ticket": ticket}, written

        answer, written = await classifier.told(upload, tell)
        if written is not None:
            await asyncio.wrap_future(written)
        return answer

    async def tickets(
        self,
        texts: Sequence[str],
        said: Sequence[Prediction],
        fields: Mapping[str, str],
        *,
        key: str | None,
        model_id: str,
    ) -> list[str | None]:
        """Record answers to texts; give their tickets once all are on disk, None where there is no answer."""

        def begin() -> list[tuple[Future[Any], str] | None]:
            return [
                None if each.error else self._begin(text, each, fields, key=key, model_id=model_id)
                for text, each in zip(texts, said, strict=True)
            ]

        begun = await to_thread.run_sync(begin)
        for each in begun:
            if each is not None:
                await asyncio.wrap_future(each[0])
        return [None if each is None else each[1] for each in begun]

    def _begin(
        self, content: bytes | str, said: Prediction, fields: Mapping[str, str], *, key: str | None, model_id: str
    ) -> tuple[Future[Any], str]:
        return self.recourse.begin_answer(
            content,
            said,
            key=key or fields.get(KEY) or None,
            metadata=columns(fields),
            may_check=fields.get(MAY_CHECK, "yes").strip().lower() not in NO,
            model_id=model_id,
        )

    def page(self, key: str, *, has_people: bool = False) -> dict[str, Any]:
        """Give what the classifier's page says of it; `has_people`: there are accounts, so one can sign in."""
        return {"audit_share": self.recourse.settings.audit_share, "key": key, "has_people": has_people}


def columns(fields: Mapping[str, str]) -> dict[str, str]:
    """Give what a form says of its photos besides our own fields.

    >>> columns({"key": "0123456789", "may_check": "no", "csrf": "x", "site": "north"})
    {'site': 'north'}
    """
    return {name: value for name, value in fields.items() if name and name not in (KEY, MAY_CHECK, "csrf")}


def key_of(request: Request) -> str | None:
    """Give the sender's own number of a request, where its header has one."""
    return request.headers.get(HEADER) or None
