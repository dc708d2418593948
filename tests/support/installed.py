"""Folders that look to Python like places where distributions were installed."""

from __future__ import annotations

import json
from pathlib import Path


def install(
    site: Path, name: str, version: str | None, *, origin: object = None, metadata: bool = True
) -> Path:
    """A distribution without code. `origin` is the content of its direct_url.json (PEP 610)."""
    info = site / f"{name}-{version or 'none'}.dist-info"
    info.mkdir(parents=True)
    if metadata:
        told = f"Version: {version}\n" if version is not None else ""
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\n{told}", encoding="utf-8"
        )
    if origin is not None:
        (info / "direct_url.json").write_text(json.dumps(origin), encoding="utf-8")
    return info


FOLDER = {"url": "file:///project", "dir_info": {"editable": True}}
ARCHIVE = {"url": "https://example.org/x-1.0.tar.gz", "archive_info": {}}
REPOSITORY = {"url": "https://example.org/x.git", "vcs_info": {"vcs": "git", "commit_id": "1"}}
