"""Tell what a file is by its first bytes, and why it cannot be used. Path: **source** -> dataset. Decodes nothing."""

SNIFF_BYTES = 512
MAGICS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
)
FORMAT_OF_ENDING = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    **dict.fromkeys((".png", ".apng"), "PNG"),
    ".gif": "GIF",
    ".webp": "WebP",
    **dict.fromkeys((".bmp", ".dib"), "BMP"),
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm"), "Netpbm"),
    ".avif": "AVIF",
}
# Pictures, but none that can be read here; the rest of the camera formats come out as "unknown content".
UNREADABLE_ENDINGS = {".svg", ".svgz", ".heic", ".heif", ".psd", ".raw", ".cr2", ".nef", ".dng", ".ico", ".jp2", ".jxl"}
PICTURE_ENDINGS = FORMAT_OF_ENDING.keys() | UNREADABLE_ENDINGS
CONVERT = "convert it to JPEG or PNG (for example: magick FILE FILE.jpg)"
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
# How a file begins (in lower case) -> what it is and what to do.
_FOREIGN = (
    (b"version https://git-lfs", "a Git LFS pointer, not the picture; run: git lfs pull"),
    (b"<!doctype html", "a web page, not a picture; the download failed, fetch the picture again"),
    (b"<html", "a web page, not a picture; the download failed, fetch the picture again"),
    (b"%pdf", "a PDF document; save its pages as PNG"),
    (b"8bps", f"a Photoshop document; {CONVERT}"),
    (b"pk\x03\x04", "a ZIP archive; unpack it first"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
)


def image_format(head: bytes) -> str | None:
    r"""Tell a picture's format by its first bytes; None where it is none that can be decoded.

    >>> image_format(b"\x89PNG\r\n\x1a\n"), image_format(b"hello")
    ('PNG', None)
    """
    for magic, kind in MAGICS:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":  # two reserved words; "BM" alone begins many a text
        return "BMP"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "Netpbm"
    if head[4:12] in (b"ftypavif", b"ftypavis"):
        return "AVIF"
    return None


def why_not(head: bytes, ending: str) -> str:
    """Say why a file that is no readable picture cannot be used, and what to do.

    >>> why_not(b"", ".jpg")
    'it is empty (0 bytes); copy it again from where it came from'
    """
    if not head:
        return "it is empty (0 bytes); copy it again from where it came from"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start or ending in {".svg", ".svgz"}:
        return f"it is a drawing (SVG), not a photo; {CONVERT}"
    if (head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS) or ending in {".heic", ".heif"}:
        return f"HEIC pictures cannot be read; {CONVERT}, or let the phone save JPEG"
    for beginning, said in _FOREIGN:
        if start.startswith(beginning):
            return f"it is {said}"
    if not head.strip(b"\0"):
        return "it holds nothing but zeros; copy it again from where it came from"
    return f"its content is no picture that can be read (it begins with {head[:8]!r}); {CONVERT}"
