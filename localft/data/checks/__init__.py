"""The checks of the data: one file a check. Most look at one row at a time, the others at all of them."""
