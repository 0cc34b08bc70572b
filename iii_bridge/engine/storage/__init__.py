"""What the engine keeps: SQLite in a thread of its own, below one directory or in memory (design decision 26)."""
