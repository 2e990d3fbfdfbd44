"""The command `icestream`, also as `python -m icestream`."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; whoever interrupts it early meets no traceback."""
    try:
        from icestream.cli.app import main as run

        run()
    except KeyboardInterrupt:  # before a command that ends with care has begun
        sys.stderr.write("icestream: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
