"""From a user's file to an immutable dataset version with three splits; free of torch."""
