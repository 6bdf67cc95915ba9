"""Media rules: which addresses may be opened, which files are the same film."""
