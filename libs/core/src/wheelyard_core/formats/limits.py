"""How much an archive may ask of its reader."""

from dataclasses import dataclass

_KIB = 1024
_MIB = 1024 * _KIB
_GIB = 1024 * _MIB


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Bounds against bombs; each is checked before the bytes behind it are expanded."""

    max_ratio: int = 50
    ratio_threshold: int = 64 * _MIB
    max_members: int = 100_000
    max_expanded: int = 20 * _GIB
    max_path: int = 4096
    # What is read whole. Parsed, each takes up to thirty times its size.
    max_metadata_size: int = 4 * _MIB
    max_wheel_file_size: int = 256 * _KIB
    max_entry_points_size: int = 512 * _KIB
    max_directory_size: int = 24 * _MIB
    max_record_size: int = 24 * _MIB
    max_record_rows: int = 100_003

    def is_bomb(self, expanded: int, compressed: int) -> bool:
        """Whether that many bytes out of so few are refused."""
        return expanded > self.ratio_threshold and expanded > self.max_ratio * compressed
