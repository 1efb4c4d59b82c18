"""Everything one can talk to, behind one protocol."""
