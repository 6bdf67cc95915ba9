"""Room: the live side of a stream."""
