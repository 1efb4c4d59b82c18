"""From a row of a file to an example: which shape it has, and what its columns mean."""
