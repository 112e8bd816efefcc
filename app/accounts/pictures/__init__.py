"""Uploaded pictures, made harmless: looked through, then drawn anew in a process of their own."""

MEDIA_TYPE = "image/webp"
"""Of all that is kept, whatever was sent."""
