"""The parts behind `iii_bridge.client` and `iii_bridge.worker`."""
