"""Ask an OpenAI-compatible endpoint for a text, as it is written. Path: errors -> **endpoint** -> project.

The one place, beside `source.remote`, that speaks to another machine, and only when a person has said yes
(docs/decisions/0018-journal-and-drafting.md). Sends what it is given and nothing else; follows no redirect, since that
would hand notes and key to whoever is named there; believes nothing of what comes back.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from florilegium.errors import EndpointError, SettingError

URL, MODEL, KEY, PRICE = (f"FLORILEGIUM_LLM_{name}" for name in ("URL", "MODEL", "KEY", "PRICE"))
TRIES = 3  # of a request that is refused for now
MAX_WAIT_S = 30.0  # the most that Retry-After is followed
SILENCE_S = 60.0  # without a byte: a large model on a laptop takes half a minute to begin
WHOLE_S = 600.0
MAX_TEXT = 100_000  # characters of an answer: twenty times what is asked for
MAX_BYTES = 20_000_000  # of the stream: each token comes in some 300 bytes of JSON
MAX_LINE = 1_000_000
MAX_TOKENS = 1_000  # of an answer: 700 words
LETTERS_PER_TOKEN = 4  # of English text, by the rule of thumb of those who sell tokens; other languages take more
LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1")
FOR_NOW = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a language model answers."""

    url: str  # up to and with /v1
    model: str
    key: str = field(default="", repr=False)
    prices: tuple[float, float] | None = None  # for a million tokens there and back

    @property
    def host(self) -> str:
        """Give the machine that it is on."""
        return httpx.URL(self.url).host

    @property
    def is_here(self) -> bool:
        """Tell whether that is this machine."""
        return self.host in LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a request will take, before it is sent."""

    n_there: int  # tokens, by a rule of thumb
    n_back: int  # at most
    cost: float | None  # at most, in the currency of the prices; None: no prices are known

    @property
    def words(self) -> str:
        """Say it in one line."""
        said = f"about {self.n_there:,} tokens there, at most {self.n_back:,} back"
        return f"{said}; at most {self.cost:.4f} by {PRICE}" if self.cost is not None else said


def from_environment(environment: Mapping[str, str]) -> Endpoint | None:
    """Read the endpoint that the environment names; None where it names none.

    Raises: SettingError: an address, a model or a price is faulty.
    """
    address = environment.get(URL, "").strip().rstrip("/")
    if not address:
        return None
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise SettingError(f"{URL}={address!r}: {error}; expected one such as http://127.0.0.1:8080/v1") from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise SettingError(
            f"{URL}={address!r}: expected an address such as http://127.0.0.1:8080/v1, without a password"
        )
    model = environment.get(MODEL, "").strip()
    if not model:
        raise SettingError(f"{MODEL} is not set. Name the model that {url.host} shall use, as its server names it.")
    key = environment.get(KEY, "").strip()
    if not key.isascii() or any(letter.isspace() for letter in key):
        raise SettingError(f"{KEY}: holds blanks or letters that no key has. Copy it again.")
    endpoint = Endpoint(url=address, model=model, key=key, prices=_prices(environment.get(PRICE, "").strip()))
    if key and url.scheme == "http" and not endpoint.is_here:
        raise SettingError(f"{URL}={address!r}: the key would travel unencrypted. Use https, or unset {KEY}.")
    return endpoint


def _prices(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        there, back = (float(part) for part in text.split(","))
    except ValueError:
        there = back = math.nan
    if not (0 <= there < math.inf and 0 <= back < math.inf):
        raise SettingError(
            f"{PRICE}={text!r}: expected two prices for a million tokens, there and back, such as 0.15,0.60"
        )
    return there, back


def estimate(endpoint: Endpoint, messages: Sequence[Mapping[str, str]]) -> Estimate:
    """Say what a request will take."""
    n_there = sum(math.ceil(len(message["content"]) / LETTERS_PER_TOKEN) + 4 for message in messages)
    cost = None
    if endpoint.prices is not None:
        cost = (n_there * endpoint.prices[0] + MAX_TOKENS * endpoint.prices[1]) / 1e6
    return Estimate(n_there=n_there, n_back=MAX_TOKENS, cost=cost)


@dataclass(slots=True)
class Asking:
    """One request; iterate over it to get the text piece by piece as it comes.

    Raises: EndpointError: refused, unreachable, silent, broken off, or no answer; what came before stays in `text`.
    """

    endpoint: Endpoint
    messages: Sequence[Mapping[str, str]]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    silence_s: float = SILENCE_S
    whole_s: float = WHOLE_S
    text: str = ""
    is_cut_off: bool = False  # it ended at the most tokens that were asked for
    _finished: bool = False  # the model said that it is done
    _is_newer: bool = False  # it wants the newer name for the most tokens, and its own temperature

    def __iter__(self) -> Iterator[str]:
        """Send the request, and give each piece of the answer."""
        timeout = httpx.Timeout(self.silence_s, connect=10.0)
        try:
            # What is on this machine is not asked for by way of a proxy.
            with httpx.Client(timeout=timeout, follow_redirects=False, trust_env=not self.endpoint.is_here) as client:
                yield from self._answer(client)
        except httpx.TimeoutException as error:
            raise self.error(f"no byte came for {self.silence_s:.0f} s", "Is the model loaded? Try again.") from error
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            cure = "Try again." if self.text else f"Is the server running, and is {URL} right?"
            raise self.error(f"the connection failed: {why}", cure) from error

    def _answer(self, client: httpx.Client) -> Iterator[str]:
        ends = self.clock() + self.whole_s
        for attempt in range(TRIES):
            with client.stream("POST", f"{self.endpoint.url}/chat/completions", **self._request()) as answer:
                wait_s = self._refused(answer, is_last=attempt + 1 == TRIES)
                if wait_s is None:
                    yield from self._read(answer, ends)
                    return
            self.sleep(wait_s)

    def _request(self) -> dict[str, Any]:
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if self.endpoint.key:
            headers["Authorization"] = f"Bearer {self.endpoint.key}"
        body = {
            "model": self.endpoint.model,
            "messages": list(self.messages),
            "stream": True,
            **(
                {"max_completion_tokens": MAX_TOKENS}
                if self._is_newer
                else {"max_tokens": MAX_TOKENS, "temperature": 0.3}
            ),
        }
        return {"json": body, "headers": headers}

    def _refused(self, answer: httpx.Response, *, is_last: bool) -> float | None:
        """Give how long to wait before the next try; None where the answer may be read."""
        status = answer.status_code
        if status == httpx.codes.OK:
            return None
        if answer.is_redirect:
            place = answer.headers.get("Location", "?")[:200]
            raise self.error(f"it sends us on to {place!r}", f"We do not follow. If you trust it, set {URL} to it.")
        wait = answer.headers.get("Retry-After", "")
        wait_s = float(wait) if wait.isdecimal() else 2.0
        if status in FOR_NOW and not is_last and wait_s <= MAX_WAIT_S:
            return wait_s
        reason = self._reason(answer)
        if status == httpx.codes.BAD_REQUEST and "max_completion_tokens" in reason and not self._is_newer:
            self._is_newer = True
            return 0.0
        cures = {
            401: f"The key in {KEY} is missing or wrong.",
            403: f"The key in {KEY} may not use this model.",
            404: f"Check {URL} (it ends in /v1) and {MODEL}.",
            429: f"It asks to wait{f' {wait} s' if wait else ''}; try again then.",
        }
        raise self.error(f"it answered {status}{reason}", cures.get(status, "Try again later."))

    @staticmethod
    def _reason(answer: httpx.Response) -> str:
        """Give what the server says of a refusal, in short and without anything a terminal would obey."""
        said = b""
        for chunk in answer.iter_raw():
            said += chunk
            if len(said) > 4096:
                break
        try:
            message = json.loads(said)["error"]
            text = str(message["message"] if isinstance(message, dict) else message)
        except (ValueError, KeyError, TypeError, RecursionError):
            return ""
        return f" ({''.join(letter for letter in text if letter.isprintable())[:200]})"

    def _read(self, answer: httpx.Response, ends: float) -> Iterator[str]:
        """Read lines `data: {...}` until `data: [DONE]`; or one JSON document, as servers without streams give it."""
        if "json" in answer.headers.get("Content-Type", ""):
            yield from self._piece(b"".join(_capped(answer.iter_raw(), self)), whole=True)
            return
        is_done = False
        for line in self._lines(answer, ends):
            data = line[5:].strip() if line.startswith(b"data:") else b""
            if data == b"[DONE]":
                is_done = True
                break
            if data:
                yield from self._piece(data, whole=False)
        if not is_done and not self.is_cut_off and not self._finished:
            raise self.error(f"the answer broke off after {len(self.text):,} characters", "Try again.")
        if not self.text.strip():
            raise self.error("the answer is empty", f"Is {self.endpoint.model!r} a model that chats?")

    def _lines(self, answer: httpx.Response, ends: float) -> Iterator[bytes]:
        rest = b""
        for chunk in _capped(answer.iter_raw(), self):
            if self.clock() > ends:
                raise self.error(f"no end after {self.whole_s:.0f} s", "Try again, or use a faster model.")
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > MAX_LINE:
                raise self.error("a line without an end", f"Is {URL} the address of a chat interface?")
            yield from (line.rstrip(b"\r") for line in lines)
        if rest:
            yield rest

    def _piece(self, data: bytes, *, whole: bool) -> Iterator[str]:
        """Take the text out of one part of the answer."""
        try:
            part = json.loads(data)
            if "error" in part:
                raise self.error("it gave up with an error in the middle of the answer", "Try again.")
            choice = part["choices"][0] if part.get("choices") else {}
            piece = (choice.get("message" if whole else "delta") or {}).get("content") or ""
            reason = choice.get("finish_reason")
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            raise self.error("what came is no answer of a chat", f"Is {URL} right? It ends in /v1.") from error
        if not isinstance(piece, str):
            raise self.error("what came is no text", f"Is {URL} right? It ends in /v1.")
        if whole and not piece.strip():
            raise self.error("the answer is empty", f"Is {self.endpoint.model!r} a model that chats?")
        self.is_cut_off |= reason == "length"
        self._finished |= reason is not None
        self.text += piece
        if len(self.text) > MAX_TEXT:
            raise self.error(f"more than {MAX_TEXT:,} characters came", "Use another model.")
        if piece:
            yield piece

    def error(self, what: str, cure: str) -> EndpointError:
        """Make the error that names the endpoint, what went wrong and what to do."""
        return EndpointError(
            f"{self.endpoint.url}: {what}. {cure} Without a language model: florilegium draft --template"
        )


def _capped(chunks: Iterator[bytes], asking: Asking) -> Iterator[bytes]:
    n_bytes = 0
    for chunk in chunks:
        n_bytes += len(chunk)
        if n_bytes > MAX_BYTES:
            raise asking.error(f"more than {MAX_BYTES:,} bytes came", "Use another model.")
        yield chunk
