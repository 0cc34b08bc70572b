"""The demo: order lines through three languages, every number verified, then wrong answers being caught."""
