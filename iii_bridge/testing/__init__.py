"""Programs that test iii-bridge from outside, and what they need."""
