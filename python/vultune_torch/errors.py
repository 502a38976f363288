"""Failures that a user can act on, in the two lines that `vultune train --engine torch` reads back."""


class RunError(Exception):
    """What was found and what was expected, with a stable code and what to do about it."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint

    def lines(self) -> str:
        return f"error {self.code}: {self}\nhint: {self.hint}\n"
