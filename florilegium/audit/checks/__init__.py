"""All checks, each once, found by looking into this folder. Path: dataset -> **audit** -> split.

A module here is a check: its name is the check's word, its function `check` takes a `Subject` and yields `Finding`s.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from florilegium.audit.finding import Finding
from florilegium.audit.subject import Subject

Check = Callable[[Subject], Iterator[Finding]]

# The check's word -> what it does, sorted by word.
CHECKS: Mapping[str, Check] = MappingProxyType(
    {module.name: import_module(f"{__name__}.{module.name}").check for module in iter_modules(__path__)}
)
