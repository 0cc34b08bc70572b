"""From descriptors to frozen, language-free nodes, with everything that is wrong with them."""
