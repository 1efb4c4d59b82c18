"""What is said of texts alone: which are alike, what they are about, in which form and language they are."""
