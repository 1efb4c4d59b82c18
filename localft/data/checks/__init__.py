"""The checks of the data: one file a check, each a function from the examples to findings."""
