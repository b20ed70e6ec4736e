"""What holds for every document that was read."""

from __future__ import annotations

from careo.sources.documents import Document, locate


def check(document: Document) -> None:
    """What holds for every document."""
    last = 0
    for block in document.blocks:
        assert last <= block.start < block.end <= len(document.text)
        assert not document.text[last : block.start].strip()
        assert document.text[block.start : block.end] == document.text[block.start : block.end].strip()
        last = block.end
        start, end = locate(document, block.start, block.end)
        assert 0 <= start <= end <= len(document.original)
    assert not document.text[last:].strip()
    for flag in document.flags:
        assert all(0 <= start <= end <= len(document.text) for start, end in flag.spans)
