"""What draws a part of the screen; state goes in and is never read back out."""
