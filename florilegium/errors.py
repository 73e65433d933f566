"""The family of errors, and what each asks of the reader. Path: used by every stage; imports nothing.

FlorilegiumError
├── InputError            what was given is at fault; you can fix it (exit code 2)
│   ├── SourceError       a folder, table or built-in cannot become a data set
│   ├── MetadataError     a metadata file or a named column does not fit the items
│   ├── ItemError         one item (photo, text) cannot be read; the others go on
│   ├── DownloadError     a public file could not be fetched, or its checksum is wrong
│   ├── EndpointError     a language model's endpoint refused, broke off or answered nonsense
│   ├── ModelFileError    a model file is not ours, is truncated or is hostile
│   ├── SettingError      a setting or an option has a value out of its range
│   └── StorageError      the disk is full, the folder is read-only, the database is damaged
└── StateError            a step is missing first (exit code 3)
    ├── ProjectMissing    no project lives in this folder
    ├── ProjectBusy       another command works on this project right now
    └── StepMissing       this stage needs the result of an earlier one

Every message says what is wrong, where, what was expected, and what to do next.
Stages raise; `cli` and `serve` translate at one edge; nobody else catches.
"""

from typing import ClassVar


class FlorilegiumError(Exception):
    """Anything that Florilegium says no to; catch this to catch all of it."""

    exit_code: ClassVar[int] = 1


class InputError(FlorilegiumError):
    """What was given is at fault, and the reader can fix it."""

    exit_code = 2


class SourceError(InputError):
    """A folder, table or built-in cannot become a data set."""


class MetadataError(InputError):
    """A metadata file or a named column does not fit the items."""


class ItemError(InputError):
    """One item cannot be read; the others go on."""


class DownloadError(InputError):
    """A public file could not be fetched, or it is not the file that was promised."""


class EndpointError(InputError):
    """A language model's endpoint refused, broke off, or answered what is no answer."""


class ModelFileError(InputError):
    """A model file is not ours, is truncated or is hostile."""


class SettingError(InputError):
    """A setting or an option has a value out of its range."""


class StorageError(InputError):
    """What should be kept could not be written or read back."""


class StateError(FlorilegiumError):
    """A step is missing first; the message names the command that does it."""

    exit_code = 3


class ProjectMissing(StateError):
    """No project lives in this folder."""


class ProjectBusy(StateError):
    """Another command works on this project right now."""


class StepMissing(StateError):
    """This stage needs the result of an earlier one."""
