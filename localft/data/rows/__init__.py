"""Looking at examples one by one, and changing them by hand."""
