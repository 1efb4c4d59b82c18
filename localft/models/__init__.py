"""Base models and chat formats, found on the hub, in a folder or bundled; free of torch."""
