"""Members of a stream: participants and the roster."""
