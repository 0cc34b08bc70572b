"""TypeScript: the glue between protobuf-es messages and the official SDK."""
