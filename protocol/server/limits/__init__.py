"""Limits: token buckets and quotas, and their configuration."""
