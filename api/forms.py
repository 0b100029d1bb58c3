"""Multipart bodies with few text fields: each is read into memory, however large the body is."""

from typing import IO, Any

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser, MultiPartParser

MAX_TEXT_FIELDS = 10


class FewTextsParser(MultiPartParser):
    """Refuses a body of many text fields. Werkzeug bounds the size of each, and not their sum."""

    _texts = 0

    def get_part_charset(self, headers: Headers) -> str:
        """Return the charset of a text field, which Werkzeug asks for once a field."""
        self._texts += 1
        if self._texts > MAX_TEXT_FIELDS:
            raise RequestEntityTooLarge
        return super().get_part_charset(headers)


class FormParser(FormDataParser):
    """Reads multipart bodies by `FewTextsParser`."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], Any, Any]:
        """Return the stream, the text fields and the files; nothing of what is not understood."""
        boundary = (options or {}).get("boundary", "").encode("ascii", "ignore")
        if mimetype != "multipart/form-data" or not boundary:
            return super().parse(stream, mimetype, content_length, options)
        parser = FewTextsParser(
            stream_factory=self.stream_factory,
            max_form_memory_size=self.max_form_memory_size,
            max_form_parts=self.max_form_parts,
            cls=self.cls,
        )
        try:
            texts, files = parser.parse(stream, boundary, content_length)
        except ValueError:
            texts, files = self.cls(), self.cls()
        return stream, texts, files
