"""Numbers of rows in addresses and forms, as large as any database holds them. Path: **serve**."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

MOST = 2**31 - 1  # what PostgreSQL's integer holds; a larger one belongs to no row

Number = Annotated[int, Path(ge=0, le=MOST)]  # in an address, /queries/{number}
NumberAsked = Annotated[int, Query(ge=0, le=MOST)]  # behind its question mark, ?done=3
NumberSent = Annotated[int, Field(ge=0, le=MOST)]  # in a form
