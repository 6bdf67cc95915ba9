"""Manifests: what lists of segments say of a film: whether it is live, and its parts; pure."""
