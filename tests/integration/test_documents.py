"""Documents: links lead somewhere, quoted messages are real ones, and the package's files agree with each other."""

import json
import re

import image_encodings
import pytest
import yaml
from processes import ROOT

DOCUMENTS = sorted(
    path
    for folder in (".", "docs", "models", "models/builtin", "scripts", "examples", "samples", "benches")
    for path in (ROOT / folder).glob("*.md")
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
    lines = (ROOT / "scripts" / "messages.txt").read_text(encoding="utf-8").splitlines()
    names = {line.partition("/")[0] for line in lines if "/" in line.partition("#")[0] and "?" not in line}
    assert {"sensor_msgs", "segcap"} <= names <= {depend.name for depend in parsed.build_depends} | {"segcap"}


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def encodings():
    """{the name that messages print: every name} of each encoding that the node reads."""
    table = re.search(r"const NAMES: .*?\];", read("src/core/pixels/encoding.rs"), re.DOTALL).group(0)
    found = {}
    for name, encoding in re.findall(r'\("(\w+)", (Encoding::[\w(:)]+?)\)[,\]]', table):
        found.setdefault(encoding, []).append(name)
    return {names[0]: names for names in found.values()}


def test_encodings_are_counted_the_same_everywhere():
    known = encodings()
    counts = {int(count) for path in DOCUMENTS for count in re.findall(r"(\d+) encodings", read(path.relative_to(ROOT)))}
    assert counts == {len(known)}
    row = re.search(r"^\| `image` \|[^|]*\| (.*) \|$", read("README.md"), re.MULTILINE).group(1)
    listed = set(row.split()) - {"bayer_*8"} | {name for name in known if name.startswith("bayer_")}
    assert listed == set(known), "the README lists each by the name that messages print"
    names = {name for names in known.values() for name in names}
    assert set(image_encodings.ALL) == names, "each is tried with the node"
    row = re.search(r"^\| `image` \|.*$", read("docs/reference.md"), re.MULTILINE).group(0)
    listed = {name for name in names if re.search(rf"\b{name}\b", row) or name.startswith("bayer_")}
    assert listed == names and "bayer_*8" in row


def fits(box, inside, most=4.0):
    """Whether a box (x, y, width, height) holds the other one, and is not a picture's worth of something else."""
    (x, y, width, height), (left, top, wide, high) = box, inside
    holds = x <= left and y <= top and x + width >= left + wide and y + height >= top + high
    return holds and width * height <= most * wide * high


@pytest.mark.parametrize("document", ["README.md", "docs/asking.md"])
def test_boxes_of_shown_programs_fit_the_sample_clip(document):
    code = re.search(r"^```python\n(.*?)^```", read(document), re.MULTILINE | re.DOTALL).group(1)
    name = re.search(r'Prompt\(id="([^"]+)", type=Prompt.BOX', code).group(1)
    four = re.search(r"prompt\.box\.height = (.*)$|RegionOfInterest\((.*?)\)", code, re.MULTILINE)
    box = [int(number) for number in re.findall(r"\d+", four.group(1) or four.group(2))]
    for frame in json.loads(read("samples/clip/truth.json"))["frames"]:
        things = {f"{thing['colour']} {thing['noun']}": thing["box"] for thing in frame["objects"].values()}
        assert fits(box, things[name]), f"{frame['image']}: the {name} is in {things[name]}"


def test_points_and_boxes_for_the_sample_pictures_lie_on_things():
    named = yaml.safe_load(read("samples/prompts.yaml"))
    on_clip = [tuple(thing["point"]) for thing in named["clip/000.jpg"]]
    for path in ("README.md", "examples/README.md"):
        for x, y in re.findall(r"what_is_here(?: ARGS=\"| -- )(\d+) (\d+)", read(path)):
            assert (int(x), int(y)) in on_clip, f"{path}: {x} {y}"
    commands = re.findall(r"segcap image samples/tabletop\.jpg((?:.*\\\n)*.*)", read("README.md"))
    points = [tuple(thing["point"]) for thing in named["tabletop.jpg"]]
    shown = 0
    for command in commands:
        for x, y in re.findall(r"--point (\d+),(\d+)", command):
            assert (int(x), int(y)) in points, command
            shown += 1
        for box in re.findall(r"--box (\d+),(\d+),(\d+),(\d+)", command):
            x, y, width, height = map(int, box)
            assert any(x < px < x + width and y < py < y + height for px, py in points), box
            shown += 1
    assert shown >= 8
