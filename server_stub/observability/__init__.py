"""Observability: logging, metrics, garbage collection policy."""
