"""Batches on the workers of an executor: other threads, processes, machines."""
