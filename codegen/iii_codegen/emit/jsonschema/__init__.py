"""JSON Schema, in 2020-12 and draft-07, for the request and the response of every function."""
