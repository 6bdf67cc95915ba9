"""Members of a stream: participants, and what their reports tell."""
