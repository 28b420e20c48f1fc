"""The whole API as an OpenAPI 3.1 document.

`places`, `accounts`, `packages` and `index` describe the operations, `schemas` what they answer;
`document` puts them together. A test holds the operations to the addresses that are served.
"""
