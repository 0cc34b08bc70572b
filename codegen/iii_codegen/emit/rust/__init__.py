"""Rust: traits, clients and registrations for the crate iii-sdk, around messages by prost."""
