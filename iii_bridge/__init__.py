"""Protobuf contracts for iii: typed, checked calls between workers in Python, TypeScript and Rust."""
