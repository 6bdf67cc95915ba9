"""Delivery: fan-out, backpressure, keepalive."""
