"""What both ends of the wire, and what else reads text from others, do with any bytes at all.

`targets` has one function for each end, `parsers`, `heads` and `manifests` one for each other
parser; `scripts/fuzz` searches for inputs that break them, led by the branches that an input
takes, and ``corpus`` keeps those that took a new one.
"""
