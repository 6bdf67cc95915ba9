"""What the decoder and both ends of the wire do with any bytes at all.

`targets` has one function for each end; `scripts/fuzz` searches for inputs that break them,
led by the branches that an input takes, and ``corpus`` keeps those that took a new one.
"""
