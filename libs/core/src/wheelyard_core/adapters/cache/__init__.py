"""Redis as a cache of pages and as the bell of waiting uploads."""
