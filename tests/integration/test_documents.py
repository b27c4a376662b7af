"""Documents: links lead somewhere, quoted messages are real ones, and the package's files agree with each other."""

import re
import subprocess

import pytest
from processes import ROOT

DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "models/*.md", "models/builtin/*.md", "scripts/*.md", "examples/*.md", "samples/*.md", "benches/*.md")
    for path in ROOT.glob(pattern)
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]*)?\)")
# `...` and <name> stand for what differs from case to case.
GAPS = re.compile(r"\.\.\.|<[^>]*>")
# What stands in the source for them.
HOLES = re.compile(r"\{[\w.:?]*\}")


def anchors(path):
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    for target, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), f"{document.name}: {target}"
        if anchor and path.suffix == ".md":
            assert anchor[1:] in anchors(path), f"{document.name}: {target}{anchor}"


def test_troubleshooting_quotes_real_messages():
    files = [*ROOT.glob("src/**/*.rs"), *ROOT.glob("scripts/*.sh"), *ROOT.glob("scripts/*.py"), *ROOT.glob("cmake/*")]
    source = " ".join(path.read_text(encoding="utf-8") for path in files)
    source = re.sub(r'\\?\n\s*"?\s*', "", source)  # sentences that go over several lines
    source = HOLES.sub("", source)
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    rows = [row for row in re.findall(r"^\| (`.*?) \| ", text, re.MULTILINE) if not re.match(r"`\d|`Unable", row)]
    assert len(rows) > 10, "the tables are read wrongly"
    for quote in (quote for row in rows for quote in re.findall(r"`([^`]{12,})`", row)):
        for piece in GAPS.split(quote):
            piece = piece.strip(" :,;")
            assert len(piece) < 8 or piece in source, f"no message of the node says {piece!r}"


def test_versions_agree():
    version = re.search(r"<version>(.*)</version>", (ROOT / "package.xml").read_text(encoding="utf-8")).group(1)
    cargo = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE).group(1)
    changes = re.search(r"^(\d+\.\d+\.\d+) ", (ROOT / "CHANGELOG.rst").read_text(encoding="utf-8"), re.MULTILINE).group(1)
    assert version == cargo == changes


def test_package_xml_is_valid_and_names_what_the_node_is_compiled_against():
    package = pytest.importorskip("catkin_pkg.package", reason="catkin_pkg is not installed")
    warnings = []
    parsed = package.parse_package(str(ROOT / "package.xml"), warnings=warnings)
    parsed.validate(warnings=warnings)
    assert not warnings
    command = f". '{ROOT}/scripts/ros.sh'; segcap_idl_filter '{ROOT}'"
    compiled = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
    names = {name for name in compiled.strip().split(";") if name and not name.startswith("_hash_")}
    optional = {"vision_msgs"}
    assert names - optional - {"segcap"} <= {depend.name for depend in parsed.build_depends}
