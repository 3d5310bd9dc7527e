"""Whether a file is what its name says, told before it is sent anywhere."""

from telareview.review.problems import Problem, problem

#: Bytes of one file.
MOST_FILE_BYTES = 25_000_000
#: Where a PDF's first and last marks must stand.
HEAD_BYTES, TAIL_BYTES = 1024, 2048

#: Extension → media type, and how such a file begins (nothing to compare for plain text).
KINDS: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "tif": ("image/tiff", (b"II*\0", b"MM\0*")),
    "tiff": ("image/tiff", (b"II*\0", b"MM\0*")),
    "webp": ("image/webp", (b"RIFF",)),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (b"PK\x03\x04",)),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (b"PK\x03\x04",)),
    "txt": ("text/plain", ()),
    "csv": ("text/csv", ()),
    "md": ("text/markdown", ()),
    "json": ("application/json", ()),
    "xml": ("application/xml", ()),
    "html": ("text/html", ()),
    "eml": ("message/rfc822", ()),
}


def media_type(name: str) -> str:
    """By its extension."""
    return KINDS[_extension(name)][0] if _extension(name) in KINDS else "application/octet-stream"


def check_file(name: str, content: bytes) -> Problem | None:
    """What is wrong with the file; None when nothing is."""
    extension = _extension(name)
    if extension not in KINDS:
        return problem("unknown_kind", kinds=", ".join(KINDS))
    if not content:
        return problem("file_empty")
    if len(content) > MOST_FILE_BYTES:
        size, most = (f"{each / 1_000_000:.0f}" for each in (len(content), MOST_FILE_BYTES))
        return problem("document_too_large", size=size, most=most)
    if extension == "pdf":
        return _check_pdf(content)
    beginnings = KINDS[extension][1]
    if beginnings and not content.startswith(beginnings):
        return problem("other_kind", extension=extension)
    return None


def _check_pdf(content: bytes) -> Problem | None:
    # Readers allow for some bytes before the first mark and after the last.
    if b"%PDF-" not in content[:HEAD_BYTES]:
        return problem("no_pdf")
    return None if b"%%EOF" in content[-TAIL_BYTES:] else problem("cut_pdf")


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""
