"""Reproducible figures: what is claimed about speed and precision is measured here."""
