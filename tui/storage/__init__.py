"""Storage of a face: paths, hosted parties, audio delays."""
