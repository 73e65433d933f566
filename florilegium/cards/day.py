"""A learner's day: when it begins and ends, summer time included. Path: **day** -> store, project."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from florilegium.errors import SettingError

STARTS_AT = 4  # o'clock: whoever studies at one in the morning has not begun a new day (Anki's choice too)
MORNINGS = 12  # a day that begins later is not one


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The rule by which moments belong to days.

    >>> vienna = Day.of("Europe/Vienna", 4)
    >>> vienna.date_of(datetime(2026, 3, 29, 0, 30, tzinfo=UTC)).isoformat()  # half past one: still Saturday
    '2026-03-28'
    >>> vienna.end(datetime(2026, 3, 28, 12, tzinfo=UTC)).isoformat()  # summer time began at night
    '2026-03-29T02:00:00+00:00'
    """

    zone: tzinfo
    starts_at: int = STARTS_AT  # o'clock, 0..12

    @classmethod
    def of(cls, zone: str, starts_at: int = STARTS_AT) -> "Day":
        """Make the rule from a zone's name; "" takes this machine's.

        Raises: SettingError: no such zone or hour.
        """
        if not 0 <= starts_at <= MORNINGS:
            raise SettingError(f"day starts at {starts_at}: expected an hour from 0 to {MORNINGS}.")
        if not zone:
            from tzlocal import get_localzone  # it knows where each system keeps its zone's name

            return cls(zone=get_localzone(), starts_at=starts_at)
        try:
            return cls(zone=ZoneInfo(zone), starts_at=starts_at)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SettingError(f"{zone!r}: no such time zone; expected a name such as Europe/Vienna or UTC.") from error

    def date_of(self, moment: datetime) -> date:
        """Give the learner's date of a moment: the night belongs to the day before."""
        local = moment.astimezone(self.zone)
        # On the wall clock, not on the time line: an hour that summer time takes away must not move the boundary.
        return (local.replace(tzinfo=None) - timedelta(hours=self.starts_at)).date()

    def start(self, moment: datetime) -> datetime:
        """Give when the day of a moment began, in UTC."""
        return self.begin(self.date_of(moment))

    def end(self, moment: datetime) -> datetime:
        """Give when the day of a moment ends, in UTC."""
        return self.begin(self.date_of(moment) + timedelta(days=1))

    def begin(self, day: date) -> datetime:
        """Give when a date begins, in UTC."""
        return datetime.combine(day, time(self.starts_at), self.zone).astimezone(UTC)
