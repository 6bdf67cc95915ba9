"""Tests of the way to addresses."""
