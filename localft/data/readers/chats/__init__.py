"""Readers of chat exports: one file a format, each turns an export into messages with speakers and times."""
