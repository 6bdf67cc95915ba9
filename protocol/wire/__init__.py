"""Wire format: messages, their codec, invites."""
