"""Core plumbing: effects, store calls, timers, context."""
