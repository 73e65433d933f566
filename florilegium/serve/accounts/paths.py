"""Where somebody goes after signing in. Path: **serve** (used by its accounts)."""

import re

# One slash, then no second one of either kind: `//evil.example` and `/\evil.example` lead to another site.
_OURS = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


def safe_path(path: str, *, otherwise: str) -> str:
    r"""Give a path of ours, or `otherwise` where it could lead anywhere else.

    >>> [safe_path(path, otherwise="/home") for path in ("/label/?a=b", "//evil.example", "/\\evil", "https://evil")]
    ['/label/?a=b', '/home', '/home', '/home']
    """
    return path if _OURS.fullmatch(path) else otherwise
