"""``python -m chunksmith`` and the command ``chunksmith``."""

import sys

from chunksmith.cli.main import run


def main() -> int:
    return run()


if __name__ == "__main__":
    sys.exit(main())
