"""The codec under documents nobody would write: bounded here, at length with `make fuzz`."""
