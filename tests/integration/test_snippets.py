"""The programs that the documents show, run as they stand against a node with a camera."""

import re
import subprocess
import sys

import pytest
from patience import PATIENCE_S
from processes import ROOT
from scenes import disc_scene, message

SCENE = disc_scene(640, 480)


def program(document, node):
    """The Python of a document, for a node of this full name."""
    code = re.search(r"^```python\n(.*?)^```", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return code.group(1).replace("/segcap/", f"{node}/")


@pytest.mark.parametrize(("document", "said"), [("README.md", "True"), ("docs/asking.md", "red mug: ")])
def test_a_shown_program_works(document, said, start_node):
    node = start_node()
    child = subprocess.Popen(
        [sys.executable, "-c", program(document, node.full_name)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        node.client.wait_for(
            lambda: child.poll() is not None, PATIENCE_S, f"the end of {document}'s program",
            meanwhile=lambda: node.client.images.publish(message(SCENE.rgb)),
        )  # fmt: skip
    finally:
        child.kill()
        output = child.communicate()[0]
    assert child.returncode == 0, output
    assert said in output
