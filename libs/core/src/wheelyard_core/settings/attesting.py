"""What attestations are verified by."""

from typing import Final

from wheelyard_core.settings.forms import parse_path
from wheelyard_core.settings.setting import Setting

TRUSTED_ROOT: Final = Setting(
    "WHEELYARD_SIGSTORE_TRUSTED_ROOT",
    parse_path,
    "",
    "A `trusted_root.json` with the authorities and logs that attestations are verified by; "
    "without it Sigstore's public ones, as they were when its library was released.",
)
