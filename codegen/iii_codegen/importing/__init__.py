"""From the schemas of live functions to `.proto` files a person would have written."""
