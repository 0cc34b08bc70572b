"""The protoc plugins."""
