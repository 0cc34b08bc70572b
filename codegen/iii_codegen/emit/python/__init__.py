"""Python: betterproto2 dataclasses, clients, service bases, specs."""
