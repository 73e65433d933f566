"""A nursery of server processes: loads a project once, then splits off a server per line that it reads.

    python -m benchmarks.durability_server FOLDER

Each is the whole app, as `florilegium serve PROJECT` runs it, behind Uvicorn in a process of its own, with its own
connections, on a port of its own; it starts in less than half a second. Each line on standard input ("start") is
answered with one: process and port.
The nursery ends when its input does; its servers end with it.
"""

import ctypes
import os
import signal
import socket
import sys
from pathlib import Path

from florilegium.project import Project
from florilegium.project.desk import DeskWish
from florilegium.serve.running import listen, run
from florilegium.serve.whole import create_whole

WISH = DeskWish(again_share=0.0, twice_share=0.0, control_share=0.0)
PR_SET_PDEATHSIG = 1  # of Linux's prctl


def serve(folder: Path, listening: socket.socket) -> None:
    """Serve one project until killed."""
    with Project(folder) as project:
        run(create_whole(project, is_here=True, wish=WISH), listening, ready=lambda: None)


def main() -> None:
    """Split off servers as they are asked for."""
    folder = Path(sys.argv[1])
    with Project(folder) as project:
        project.label(WISH).close()  # seals what is to be sealed, as the command does
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that are killed
    parent = os.getpid()
    for _ in sys.stdin:
        listening = listen("127.0.0.1", 0)
        child = os.fork()
        if child == 0:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                if os.getppid() == parent:
                    serve(folder, listening)
            finally:
                os._exit(1)
        print(child, listening.getsockname()[1], flush=True)
        listening.close()


if __name__ == "__main__":
    main()
