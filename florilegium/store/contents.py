"""Keep pictures and texts of answers, as long as people allowed it. Path: **store** -> project. One per answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from florilegium.store.recourse_schema import contents


class Purpose(StrEnum):
    """What a picture or text is kept for."""

    CHECK = "check"  # a blind audit
    REVIEW = "review"  # an appeal, until it is closed
    LEARN = "learn"  # training


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A picture or text that somebody allowed to be kept."""

    content: bytes
    media_type: str  # as its bytes say, not as its sender did
    purpose: Purpose
    kept_until: datetime | None  # None: while its case is open; once learned, until somebody wants it erased


def keep(db: Connection, number: int, content: Content, now: datetime) -> None:
    """Keep the picture or text of an answer, in place of what was kept of it; what was learned from stays as it is."""
    drop(db, number)
    if db.execute(select(contents.c.item_id).where(contents.c.prediction_id == number)).first() is not None:
        return  # learned from: it is the same one, and an item of the training set rests on it
    row = {
        "prediction_id": number,
        "content": content.content,
        "media_type": content.media_type,
        "purpose": content.purpose.value,
        "size_bytes": len(content.content),
        "added_at": now,
        "kept_until": content.kept_until,
    }
    db.execute(insert(contents).values(**row))


def drop(db: Connection, number: int) -> None:
    """Erase the picture or text of an answer, unless it was learned from: that is for `forgetting`."""
    db.execute(delete(contents).where(contents.c.prediction_id == number, contents.c.item_id.is_(None)))


def keep_until(db: Connection, number: int, moment: datetime | None) -> None:
    """Change how long the picture or text of an answer is kept; what was learned from stays as it is."""
    mine = (contents.c.prediction_id == number) & contents.c.item_id.is_(None)
    db.execute(update(contents).where(mine).values(kept_until=moment))


def find(db: Connection, condition: Any) -> Content | None:  # noqa: ANN401 - an SQLAlchemy condition has no narrower type
    """Give the picture or text that meets a condition, or None."""
    row = db.execute(select(contents).where(condition)).first()
    if row is None:
        return None
    return Content(
        content=row.content, media_type=row.media_type, purpose=Purpose(row.purpose), kept_until=row.kept_until
    )
