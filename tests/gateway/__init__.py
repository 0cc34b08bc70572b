"""gRPC in front of iii, with real clients and workers."""

import tests.contract  # noqa: F401 -- puts the example packages on the path
