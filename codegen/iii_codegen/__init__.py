"""Generates typed code and schemas from contracts; never imported by what it generates."""
