"""Tables of ProtoJSON cases, written from the specification: what a document means, and what it is printed as."""
