"""What Wheelyard's services share: rules, formats, pages, use cases and adapters."""

__version__ = "0.1.0"
