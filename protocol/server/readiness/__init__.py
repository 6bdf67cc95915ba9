"""Readiness: who could start now, and how far ahead a start has to be agreed."""
