"""A real server on this machine that speaks the protocol of language models, well or badly, as a script says."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from florilegium.endpoint import Endpoint
from tests.page_serving import serving


@dataclass
class Manner:
    """How the server answers, and what it was asked."""

    says: str = "It went well."
    kind: str = "good"
    statuses: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # before the answer
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


def chunk(text: str, reason: str | None = None) -> bytes:
    """Give one part of a stream."""
    part = {
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}],
    }
    return f"data: {json.dumps(part)}\n\n".encode()


ODD = {
    "error inside": b'data: {"error": {"message": "out of memory"}}\n\n',
    "garbage": b"data: {not json\n\n",
    "no text": b'data: {"choices": [{"delta": {"content": {"a": 1}}}]}\n\n',
    "endless line": b"data: " + b"x" * 5_000_000,
    "huge": chunk("word " * 2000) * 50,
}


async def stream(manner: Manner) -> AsyncIterator[bytes]:
    """Give the parts of an answer, in the manner asked for."""
    if manner.kind == "silent":
        await asyncio.sleep(2)
    words = manner.says.split(" ")
    yield b": a comment, as some servers send to keep a line open\n\n"
    for place, word in enumerate(words):
        yield chunk(word if place == 0 else f" {word}")
        if manner.kind == "truncated" and place == len(words) // 2:
            return
        if manner.kind in ODD:
            yield ODD[manner.kind]
    yield chunk("", "length" if manner.kind == "cut off" else "stop")
    # llama.cpp and others send a last part without choices.
    yield b'data: {"choices": [], "usage": {"total_tokens": 9}}\n\n'
    yield b"data: [DONE]\n\n"


def app_of(manner: Manner) -> FastAPI:
    """Make the server."""
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        """Answer as the manner says."""
        manner.asked.append(await request.json())
        manner.keys.append(request.headers.get("authorization", ""))
        if manner.kind == "newer" and "max_tokens" in manner.asked[-1]:
            return JSONResponse({"error": {"message": "Use 'max_completion_tokens' instead."}}, 400)
        if manner.statuses:
            status, headers = manner.statuses.pop(0)
            message = "no \x1b[31mkey\x1b[0m" if status == 401 else "later"
            return JSONResponse({"error": {"message": message}}, status, headers=headers)
        whole = {"choices": [{"message": {"content": manner.says}, "finish_reason": "stop"}]}
        others = {
            "redirect": RedirectResponse("http://localhost:9/elsewhere", 307),
            "page": Response("<html>Welcome</html>", media_type="text/html"),
            "whole": JSONResponse(whole),
            "empty": StreamingResponse(iter([b"data: [DONE]\n\n"]), media_type="text/event-stream"),
        }
        if manner.kind in others:
            return others[manner.kind]
        return StreamingResponse(stream(manner), media_type="text/event-stream")

    return app


@contextmanager
def speaking(manner: Manner, **choices: Any) -> Iterator[Endpoint]:
    """Serve, and give the endpoint."""
    with serving(app_of(manner)) as address:
        yield Endpoint(url=f"{address}v1", model="tiny", **choices)
