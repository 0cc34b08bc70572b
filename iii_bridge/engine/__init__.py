"""The embedded engine: for development, tests and small installations (wire.md)."""

try:
    from iii_bridge.engine.http_functions import HttpSecurity
    from iii_bridge.engine.queue_config import QueueConfig
    from iii_bridge.engine.server import Engine
    from iii_bridge.engine.topics import RETENTION_SECONDS
except ModuleNotFoundError as error:
    if (error.name or "").startswith("iii_bridge"):
        raise
    text = f"iii_bridge.engine needs {error.name}; install it with: pip install 'iii-bridge[engine]'"
    raise ModuleNotFoundError(text, name=error.name) from None

__all__ = ["RETENTION_SECONDS", "Engine", "HttpSecurity", "QueueConfig"]
