"""The faces of matinee and its commands."""
