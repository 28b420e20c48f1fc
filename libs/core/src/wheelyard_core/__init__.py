"""What Wheelyard's services share: rules, formats, pages, use cases and adapters."""

__version__ = "0.1.0"
# The commit, where whoever builds an image writes it here.
REVISION = "unknown"
