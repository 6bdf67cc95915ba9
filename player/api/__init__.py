"""Interface of the seat to its faces: configuration, intents, views."""
