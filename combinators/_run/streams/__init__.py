"""Running chunk by chunk, in threads and on an event loop."""
