"""What mends examples, and what differs between two versions."""
