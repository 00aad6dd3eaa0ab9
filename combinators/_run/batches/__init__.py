"""Many inputs through one program."""
