"""The pages of the documentation as tests see them: their code blocks, links and titles."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"(?<!\!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One fenced block: where it stands, what it is, and the file it says that it is."""

    page: str
    language: str
    title: str
    text: str


def pages() -> tuple[Path, ...]:
    """Every page of the site, and the README, in order of path; fragments of the changelog are no pages."""
    found = sorted(path for path in DOCS.rglob("*.md") if path.parent.name != "changelog")
    return (ROOT / "README.md", *found)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def all_blocks(page: Path) -> tuple[Block, ...]:
    """In the order of the page."""
    return tuple(
        Block(
            page=name_of(page),
            language=found["language"],
            title=found["title"] or "",
            text=found["text"],
        )
        for found in _BLOCK.finditer(page.read_text(encoding="utf-8"))
    )


def blocks(page: Path, language: str) -> tuple[Block, ...]:
    """Those of one language."""
    return tuple(block for block in all_blocks(page) if block.language == language)


def links(page: Path) -> tuple[str, ...]:
    """Targets of links outside code, as they are written."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    return tuple(found["target"] for found in _LINK.finditer(text))


def anchors(page: Path) -> frozenset[str]:
    """What a link may name after `#`: the headings, as the site spells them."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    found = (heading["text"].strip().lower() for heading in _HEADING.finditer(text))
    return frozenset(re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", one)) for one in found)
