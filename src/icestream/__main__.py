"""The command `icestream`, also as `python -m icestream`."""

from icestream.cli.app import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
