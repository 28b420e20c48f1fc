"""The rules of a package registry, as values and pure functions.

Nothing here does I/O; the standard library and `packaging` are all it imports.
"""
