"""The Python workers of the demo: orders, receipts, stand-ins for the foreign workers, and wrong answers."""
