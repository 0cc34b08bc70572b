"""Generated TypeScript in real node processes, on the official SDK, against the embedded engine and Python workers."""
