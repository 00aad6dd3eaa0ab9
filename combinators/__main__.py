"""`python -m combinators`."""

import sys

from combinators.cli import main

if __name__ == "__main__":
    sys.exit(main())
