"""Command line of matinee."""
