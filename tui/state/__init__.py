"""State of a face: the party as the seat tells it."""
