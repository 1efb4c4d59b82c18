#!/usr/bin/env python3
"""Set localft up and start it: one command on a fresh machine.

    python3 build/bootstrap.py            open the app
    python3 build/bootstrap.py demo       run the whole path on the bundled starter model
    python3 build/bootstrap.py test       install what the tests need and run every check
    python3 build/bootstrap.py doctor     explain this machine
    python3 build/bootstrap.py setup      set up only, looking at the graphics card and the drivers again

Any other words go to the `localft` command. Everything that is installed lands in .venv beside this checkout.
This file keeps to words that Python 3.8 understands, so that an old Python can say what is wrong; build/installer does
the work.
"""

import sys
from pathlib import Path

MINIMUM = (3, 11)


def main() -> int:
    """Return the exit status of the command."""
    if sys.version_info < MINIMUM:
        needed, found = (".".join(map(str, version[:2])) for version in (MINIMUM, sys.version_info))
        sys.stderr.write(
            f"localft needs Python {needed} or newer, and this is {found}: install a newer one, or start "
            "build/localft.sh (build\\localft.cmd on Windows), which brings its own.\n"
        )
        return 1
    here = Path(__file__).resolve().parent
    # The checkout too: its torch_builds needs nothing that has to be installed, and serves the set-up and the doctor.
    sys.path[:1] = [str(here), str(here.parent)]
    from installer.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
