"""What README, CONTRIBUTING and the pages of docs/ link to and name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
MADE_BY_THE_READER = frozenset({"docker/data.env"})

LINK = re.compile(r"(?:\]\(|srcset=\"|src=\")([^)\"#:]*)(#[^)\"]*)?[)\"]")
FILE = re.compile(r"`((?:recsys|training|serving|tests|docker|scripts|docs|benchmarks)/[\w./*-]+)`")


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {"#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_links_to_what_is_there(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        found = page.parent / target if target else page
        assert found.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors_of(found), f"{page.name} links to {target}{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_names_files_that_are_there(page: Path) -> None:
    for name in FILE.findall(page.read_text(encoding="utf-8")):
        assert name in MADE_BY_THE_READER or list(ROOT.glob(name.rstrip("/"))), f"{page.name} names {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_has_tables_without_holes(page: Path) -> None:
    """A blank line within a table ends it, and what follows is shown as text with bars."""
    blocks = re.split(r"\n\s*\n", page.read_text(encoding="utf-8"))
    for block in blocks:
        rows = block.strip().splitlines()
        if rows and rows[0].startswith("|"):
            assert len(rows) > 1, f"{page.name}: a row by itself: {rows[0]}"
            assert re.fullmatch(r"\|[\s|:-]+\|", rows[1]), f"{page.name}: rows without a head: {rows[0]}"
