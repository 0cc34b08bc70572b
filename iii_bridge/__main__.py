"""`python -m iii_bridge` is the `iii-bridge` program."""

from iii_bridge.cli.main import main

if __name__ == "__main__":
    main()
