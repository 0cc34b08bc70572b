"""From the model to text: what every emitter shares; each language has a package of its own."""
