"""Simple pages, metadata files and downloads."""
