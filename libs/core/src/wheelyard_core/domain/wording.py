"""How text from outside appears in a refusal's sentence: on one line, short and printable."""

_MAX_SHOWN = 120


def printable(text: str, limit: int = _MAX_SHOWN) -> str:
    """Return `text` on one line, cut at `limit`, with what terminals would obey escaped."""
    cut = text if len(text) <= limit else f"{text[:limit]}…"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in cut)


def quoted(text: str) -> str:
    """Return `text` as `printable` does, between single quotes."""
    return f"'{printable(text)}'"
