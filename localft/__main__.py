"""`python -m localft` is the same as the `localft` command."""

import sys

from localft.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
