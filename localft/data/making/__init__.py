"""How dataset versions come to be: from files, from what a person keeps or writes, from an earlier version."""
