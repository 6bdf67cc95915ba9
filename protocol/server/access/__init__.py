"""Access: admission, join, moderation."""
