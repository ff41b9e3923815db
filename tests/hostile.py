"""Names that strangers give to artists, tracks and places."""

NAMES = (
    "<script>alert(1)</script>",
    "</title></style></svg><img src=x onerror=alert(1)>",
    "\"' onmouseover='alert(1)' x=\"",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "javascript:alert(1)//https://example.org/?a=1&b=2",
    "\u202egpj.exe\u2066 \u200f turned",
    "two\nlines\r\nand\ttabs",
    "\x00\x1b[31mred\x07",
    "x" * 10_000,
    "many words " * 900,
    "$a_b^{c$ \\frac{1}{2} $",
    "_leading underscore",
    "=HYPERLINK(\"https://example.org\")",
    "[bold]markup[/bold] :cat:",
    "宇多田ヒカル", "فيروز", "נועה קירל", "मोहम्मद रफ़ी", "ลำไย", "ភ្លៀង", "ქართული",
    "Þeyr", "방탄소년단",
    "👨‍👩‍👧 🎉", "Z̷̢̛a̷l̷g̷o̷", "", " ",
)  # fmt: skip
