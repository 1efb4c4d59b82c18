"""What lies on disk: files, versioned records, projects. Nothing here acts on them."""
