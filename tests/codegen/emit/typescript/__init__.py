"""TypeScript output."""
