"""``python -m chunksmith`` and the command ``chunksmith``."""

import sys

from chunksmith.cli import output
from chunksmith.cli.main import run


def main() -> int:
    output.guard()
    return run()


if __name__ == "__main__":
    sys.exit(main())
