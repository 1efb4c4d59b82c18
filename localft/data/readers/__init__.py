"""Readers: one file a format, each turns bytes into rows."""
