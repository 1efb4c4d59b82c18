"""What a person takes away: the examples as a file, the verdict as a page."""
