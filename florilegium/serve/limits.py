"""How much a server takes on at once, and what it says where that is too much. Path: **serve** (used by its uploads).

Every refusal is an `InputError` with the HTTP status that belongs to it. Reads nothing.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self

from florilegium.errors import InputError
from florilegium.features.stream import n_workers

MIB = 1 << 20
PLACE_BYTES = 1 << 16  # what a request costs before its photos: with the limit below at most 4,096 may be open


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a server takes on. The default suits a laptop: at most 256 MiB of photos wait in memory."""

    max_file_bytes: int = 20 * MIB  # of one photo; phones make 2 to 12 MiB
    max_files: int = 100  # of one request
    max_field_bytes: int = 1 << 16  # of all other parts of a form together
    idle_s: float = 20.0  # without a single byte
    whole_s: float = 300.0  # spent waiting for bytes: 20 MiB at 0.6 Mbit/s
    max_held_bytes: int = 256 * MIB  # of all requests together
    n_at_once: int = 0  # predictions side by side; 0: as many as there are cores

    @property
    def n_threads(self) -> int:
        """Count the predictions that run side by side."""
        return self.n_at_once or n_workers()


class RequestRefused(InputError):
    """A request that is not answered, with the HTTP status that says why."""

    status: ClassVar[int] = 422
    retry_after_s: int | None = None
    closes: bool = False  # the sender goes on sending: after the answer the connection ends


class NoPhoto(RequestRefused):
    """A form that holds no photo, or is damaged."""


class PhotoUnreadable(RequestRefused):
    """No photo of the request could be read."""


class PhotoUnknown(RequestRefused):
    """What came is no picture, or none of a format that is read."""

    status = 415


class NotAForm(RequestRefused):
    """What came is no form with files."""

    status = 415


class TooLarge(RequestRefused):
    """A photo or a form has more bytes than are taken."""

    status = 413


class TooSlow(RequestRefused):
    """The bytes did not come in time."""

    status = 408


class TooBusy(RequestRefused):
    """Too many photos are being read at this moment."""

    status = 429
    retry_after_s = 1


class Room:
    """The memory that all requests share."""

    def __init__(self, max_bytes: int) -> None:
        """Hold at most so many bytes."""
        self.max_bytes = max_bytes
        self.n_held = 0

    def place(self) -> "Place":
        """Give a request its place; use it in a `with` block."""
        return Place(self)


class Place:
    """What one request holds of the room."""

    def __init__(self, room: Room) -> None:
        """Hold nothing yet."""
        self.room = room
        self.n_held = 0

    def __enter__(self) -> Self:
        """Take the first bytes."""
        self.hold(0)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give all back."""
        self.room.n_held -= self.n_held
        self.n_held = 0

    def hold(self, n_bytes: int) -> None:
        """Hold so many bytes from now on, in place of what was held.

        Raises: TooBusy: the room is full; what was held before is still held.
        """
        wanted = n_bytes + PLACE_BYTES
        if self.room.n_held - self.n_held + wanted > self.room.max_bytes:
            raise TooBusy("Too many photos are being read right now. Try again in a moment.")
        self.room.n_held += wanted - self.n_held
        self.n_held = wanted
