"""From a tree to functions of straight-line code, and from a line back to its place."""
