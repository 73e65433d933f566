"""Read the photos of a form as its bytes come in. Path: a browser -> **serve** -> model.

Each photo is handed over when its last byte is there and forgotten after; nothing is written to a disk. Whoever is slow
keeps nobody else waiting, and whoever sends too much is told so. Decodes nothing.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request

from florilegium.report.render import cleaned
from florilegium.serve.limits import MIB, Limits, NoPhoto, NotAForm, Place, RequestRefused, Room, TooLarge, TooSlow

NAME_MOST = 200  # characters of a photo's name that are kept
FORM_CURE = "Load the page again and send its form."
URLENCODED = "application/x-www-form-urlencoded"
PART_BYTES = 64  # what a field costs beside its name and content
PAGE, ADDRESS_MOST = "/", 200  # where readers without scripts send their form; characters of an address that are shown
# Whoever is refused mid-way hears it only once they have stopped sending: so much is read and thrown away.
DRAIN_BYTES, DRAIN_S = 64 * MIB, 3.0
# Line breaks, and signs that turn the direction of what is written after them.
_TURNING = re.compile("[\t\n\r\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Upload:
    """One photo as it came: nobody has looked into it yet."""

    name: str  # without folders and control characters
    content: bytes
    fields: Mapping[str, str] = field(default_factory=dict)  # what the form said before it


async def uploads(request: Request, *, limits: Limits, room: Room) -> AsyncGenerator[Upload, None]:
    """Give the photos of a form, each as soon as it is complete.

    Raises: RequestRefused: no form, too large, too slow, too busy.  ClientDisconnect: the sender went away.
    """
    async with aclosing(_chunks(request, limits)) as chunks:
        try:
            with room.place() as place:
                async with aclosing(_files(request, chunks, limits, place)) as files:
                    async for upload in files:
                        yield upload
        except RequestRefused as refused:
            refused.closes = not await _drain(chunks)
            raise


@dataclass(frozen=True, slots=True)
class Filled:
    """A whole form: what was written into it, and the files."""

    fields: Mapping[str, str]
    files: tuple[Upload, ...]


@asynccontextmanager
async def filled(request: Request, *, limits: Limits, room: Room) -> AsyncGenerator[Filled, None]:
    """Read a form (multipart/form-data) with or without files, under the same limits as `uploads`.

    Use it in an `async with` block: its files count as held until the end.
    Raises: RequestRefused: no form, damaged, too large, too slow, too busy.  ClientDisconnect: the sender went away.
    """
    with room.place() as place:
        yield await _filled(request, limits, place)


async def _filled(request: Request, limits: Limits, place: Place) -> Filled:
    cure = _form_cure(request)
    async with aclosing(_chunks(request, limits)) as chunks:
        try:
            form = _Form(_boundary(request, cure), limits, cure)
            async for chunk in chunks:
                form.write(chunk)
                place.hold(form.n_held)
        except RequestRefused as refused:
            refused.closes = not await _drain(chunks)
            raise
    if not form.is_complete:
        raise NoPhoto(f"The form ends before its end: some of it was lost on the way. {cure}")
    return Filled(form.fields, tuple(form.finished))


async def small_form(request: Request, *, limits: Limits) -> dict[str, str]:
    """Read a form without files, as browsers send it (application/x-www-form-urlencoded).

    Raises: RequestRefused: no such form, too large, too slow.  ClientDisconnect: the sender went away.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != URLENCODED:
        raise NotAForm(f"{str(cleaned(kind))[:60] or 'nothing'}: expected a form ({URLENCODED}). {FORM_CURE}")
    octets = bytearray()
    async with aclosing(_chunks(request, limits)) as chunks:
        async for chunk in chunks:
            octets += chunk
            if len(octets) > limits.max_field_bytes:
                refused = TooLarge(f"The form holds too long a text. {FORM_CURE}")
                refused.closes = not await _drain(chunks)
                raise refused
    return dict(QueryParams(octets.decode("utf-8", "replace")))


async def _files(
    request: Request, chunks: AsyncIterator[bytes], limits: Limits, place: Place
) -> AsyncGenerator[Upload, None]:
    cure = _cure(request)
    form = _Form(_boundary(request, cure), limits, cure)
    async for chunk in chunks:
        form.write(chunk)
        place.hold(form.n_held)
        while form.finished:
            yield form.finished[0]
            form.finished.popleft()  # only now: while it is being answered it is still in memory
            place.hold(form.n_held)
    if not form.is_complete:
        raise NoPhoto(f"The form ends before its end: some of it was lost on the way. {cure}")
    if form.n_files == 0:
        raise NoPhoto(f"There is no photo in the form. {cure}")


async def _chunks(request: Request, limits: Limits) -> AsyncGenerator[bytes, None]:
    """Give the body's bytes; only the time spent waiting for them counts."""
    stream, waited_s = request.stream(), 0.0
    clock = asyncio.get_running_loop().time
    while True:
        began = clock()
        try:
            async with asyncio.timeout(min(limits.idle_s, limits.whole_s - waited_s)):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise TooSlow(
                f"No more of the photo came for {clock() - began:.0f} s, so it was given up. "
                "Try again with a better connection, or make the photo smaller."
            ) from error
        waited_s += clock() - began
        yield chunk


async def _drain(chunks: AsyncIterator[bytes]) -> bool:
    """Read the rest and throw it away; tell whether it came to an end."""
    n_bytes = 0
    with suppress(TimeoutError, ClientDisconnect, TooSlow):
        async with asyncio.timeout(DRAIN_S):
            async for chunk in chunks:
                n_bytes += len(chunk)
                if n_bytes > DRAIN_BYTES:
                    return False
            return True
    return False


def _cure(request: Request) -> str:
    """Say what to send: to a reader of the page in its words, to a program with the address that it asked."""
    if request.url.path == PAGE:
        return "Choose one or more photos and try again."
    address = str(cleaned(str(request.url.replace(query=""))))[:ADDRESS_MOST]
    return f"Send a form with one or more photos, such as: curl -F photos=@rose.jpg {address}"


def _form_cure(request: Request) -> str:
    """Say what to do about a form: to a reader of its page, or to a program."""
    is_program = request.url.path.startswith("/api/")
    return "Send its fields by curl -F NAME=VALUE; /docs names them." if is_program else FORM_CURE


def _boundary(request: Request, cure: str) -> bytes:
    kind, parameters = parse_options_header(request.headers.get("content-type", ""))
    boundary = parameters.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        shown = str(cleaned(kind.decode("latin-1")[:60]))
        what = f"This is {shown}" if shown else "The request does not say what it holds"
        raise NotAForm(f"{what}; expected a form (multipart/form-data). {cure}")
    return boundary


class _Form:
    """Gather the files of a form out of its bytes, each with the fields that stand before it."""

    def __init__(self, boundary: bytes, limits: Limits, cure: str) -> None:
        self.finished: deque[Upload] = deque()
        self.fields: dict[str, str] = {}
        self.n_files = 0
        self.is_complete = False
        self._limits, self._cure = limits, cure
        self._n_field_bytes = 0
        self._header, self._value = b"", b""
        self._name: str | None = None  # of the file whose bytes come in; None: another part
        self._field = ""  # the name of another part
        self._content = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._complete,
            },
        )

    @property
    def n_held(self) -> int:
        """Count the bytes in memory."""
        return len(self._content) + sum(len(upload.content) for upload in self.finished)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes of the form."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise NoPhoto(f"The form is damaged and cannot be read. {self._cure}") from error

    def _begin(self) -> None:
        self._name, self._field, self._content = None, "", bytearray()

    def _header_name(self, octets: bytes, start: int, end: int) -> None:
        self._header += octets[start:end]

    def _header_value(self, octets: bytes, start: int, end: int) -> None:
        self._value += octets[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            if b"filename" in options:
                self._name = shown_name(options[b"filename"])
            self._field = options.get(b"name", b"").decode("utf-8", "replace")
        self._header, self._value = b"", b""

    def _data(self, octets: bytes, start: int, end: int) -> None:
        if self._name is None:
            self._n_field_bytes += end - start
            if self._n_field_bytes > self._limits.max_field_bytes:
                raise TooLarge(f"The form holds long texts; expected photos. {self._cure}")
        self._content += octets[start:end]
        if self._name is not None and len(self._content) > self._limits.max_file_bytes:
            most = self._limits.max_file_bytes / MIB
            raise TooLarge(f"{self._name}: more than {most:g} MB; at most {most:g} MB are taken. Make it smaller.")

    def _end(self) -> None:
        if self._name is None:
            self._n_field_bytes += len(self._field) + PART_BYTES  # a million empty parts are no small form
            self.fields[self._field] = self._content.decode("utf-8", "replace")
            return
        if not self._name and not self._content:
            return  # the empty part that a browser sends where no file was chosen
        self.n_files += 1
        if self.n_files > self._limits.max_files:
            raise TooLarge(
                f"More than {self._limits.max_files} photos in one form. Send them in several, or one by one."
            )
        self.finished.append(Upload(self._name or "photo", bytes(self._content), dict(self.fields)))
        self._content = bytearray()

    def _complete(self) -> None:
        self.is_complete = True


def shown_name(octets: bytes) -> str:
    r"""Give a file name that came over the wire so that it can be shown anywhere.

    >>> shown_name(b"C:\\photos\\rose.jpg"), shown_name("été%22.jpg".encode()), shown_name(b"../../etc/x\x00\xff")
    ('rose.jpg', 'été".jpg', 'x\ufffd\ufffd')
    """
    name = octets.decode("utf-8", "replace").replace("%22", '"')  # as browsers write a quote in a form
    last = name.replace("\\", "/").rpartition("/")[2]
    return str(cleaned(_TURNING.sub("\ufffd", last)))[:NAME_MOST]
