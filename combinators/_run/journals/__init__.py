"""Batches whose outcomes are kept, so that they go on where they stopped."""
