"""Synchronisation: clock estimator, drift controller, quality."""
