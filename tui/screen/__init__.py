"""Screen: the face in the terminal."""
