"""What a setting is, and how its value comes out of a mapping."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class SettingsError(Exception):
    """What is wrong with the settings, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting. Without a default it must be given; `secret` ones may come from a file."""

    name: str
    parse: Callable[[str], T]
    default: str | None
    text: str
    secret: bool = False


class Source:
    """Reads settings from a mapping and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def read(self, setting: Setting[T]) -> T:
        """Return the setting's value; a wrong one is noted and its default returned."""
        text = self._text(setting)
        if text is None or (text == "" and setting.default is None):
            self.problems.append(f"{setting.name} is not set: {setting.text}")
            text = ""
        try:
            return setting.parse(text)
        except ValueError as error:
            if text:
                self.problems.append(f"{setting.name} must be {error}")
            return setting.parse(setting.default or "")

    def has(self, setting: Setting[T]) -> bool:
        """Tell whether something is given for the setting, be it right or wrong."""
        return bool(self._environment.get(setting.name))

    def file_of(self, setting: Setting[T]) -> Path | None:
        """Return the file that a secret comes from, for those that are read again."""
        name = self._environment.get(f"{setting.name}_FILE")
        return Path(name) if name else None

    def finish(self) -> None:
        """Raise SettingsError if anything was wrong."""
        if self.problems:
            raise SettingsError(self.problems)

    def _text(self, setting: Setting[T]) -> str | None:
        if setting.secret and (file := self._environment.get(f"{setting.name}_FILE")):
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "it is not UTF-8"
                self.problems.append(f"{setting.name}_FILE cannot be read: {reason}")
                return setting.default
        return self._environment.get(setting.name, setting.default)
