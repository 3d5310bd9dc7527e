"""Shared by all rooms: only what the database and the browser need. Factories live in their rooms."""
