"""What the OpenAPI document says of uploads that no signature can: bodies, headers, refusals."""

from __future__ import annotations

from typing import Any

from nightshift.api import tus

FORM = {
    "requestBody": {
        "description": "A form with the file, or nothing where an upload begins by tus.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "sha256": {
                            "type": "string",
                            "pattern": "^[0-9a-fA-F]{64}$",
                            "description": "What the file must have.",
                        },
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            },
        },
    }
}  # fmt: skip
REFUSALS: dict[int | str, dict[str, Any]] = {
    412: {"description": "Another version of tus is meant."},
    415: {"description": "Neither tus nor a form, or no media by its suffix."},
    460: {"description": "The checksum is another: send it again."},
}
BYTES = {
    "parameters": [
        {"name": "Tus-Resumable", "in": "header", "required": True,
         "schema": {"type": "string", "enum": [tus.VERSION]}},
        {"name": "Upload-Offset", "in": "header", "required": True,
         "schema": {"type": "integer", "minimum": 0, "maximum": 2**53}},
        {"name": "Upload-Checksum", "in": "header",
         "description": "`sha1` or `sha256`, a space, and the body's digest in base64.",
         "schema": {"type": "string", "pattern": "^sha1 [A-Za-z0-9+/]{27}=$"}},
    ],
    "requestBody": {
        "required": True,
        "description": f"The bytes; `{tus.BODY}` is taken, too, as tus has it.",
        "content": {tus.PLAIN: {"schema": {"type": "string", "format": "binary"}}},
    },
}  # fmt: skip
