"""What recourse says no to. Path: **project** (shell)."""

from florilegium.errors import InputError, StateError


class TicketUnknown(InputError):
    """No answer and no case belongs to this ticket."""


class NotTheSame(InputError):
    """What was sent is not the picture or text that was answered."""


class AlreadyContested(StateError):
    """This answer was contested before; whoever did so has the private link."""


class BlindFirst(StateError):
    """A reviewer may see claim and answer only after saying what it is without them."""
