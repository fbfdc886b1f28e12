"""Physical lines of a stream, numbered, none longer than the limit in memory."""

from typing import BinaryIO

from tools.files.rows import MAX_ROW_BYTES

_SKIP_CHUNK = 1 << 16


class Lines:
    """`next()` gives (number, bytes with the line end), (number, None) for a line past the limit, None at the end."""

    def __init__(self, stream: BinaryIO, limit: int = MAX_ROW_BYTES) -> None:
        self._stream = stream
        self._limit = limit
        self.number = 0  # of the last line given or passed over

    def next(self) -> tuple[int, bytes | None] | None:
        line = self._stream.readline(self._limit + 1)
        if not line:
            return None
        self.number += 1
        if len(line) > self._limit and not line.endswith(b"\n"):
            self._pass_over()
            return self.number, None
        return self.number, line

    def skip_to(self, number: int) -> None:
        """Passes over lines until `number` lines are behind, or the file ends."""
        read = self._stream.readline
        while self.number < number and (line := read(_SKIP_CHUNK)):
            if not line.endswith(b"\n"):
                self._pass_over()
            self.number += 1

    def _pass_over(self) -> None:
        while (part := self._stream.readline(_SKIP_CHUNK)) and not part.endswith(b"\n"):
            pass
