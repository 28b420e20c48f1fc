"""The simple repository API: one page model, rendered as HTML and as JSON.

Pure: values in, bytes out. What goes on a page is decided by the use case that builds it; how it
looks on the wire is decided here and nowhere else. https://packaging.python.org/specifications/simple-repository-api/
"""
