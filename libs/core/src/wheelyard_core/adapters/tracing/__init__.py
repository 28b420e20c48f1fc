"""Traces by OpenTelemetry. Importing this package is what makes that importable."""

from wheelyard_core.adapters import HIDDEN, MODULES

for _name in HIDDEN:
    if MODULES.get(_name) is None:
        MODULES.pop(_name, None)
