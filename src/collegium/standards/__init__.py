"""Standards of others, one folder each: protocol.py is pure."""
