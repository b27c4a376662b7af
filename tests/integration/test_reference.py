"""What is written down is what the node does: docs/reference.md, the parameter file, the security policy, the RViz layout."""

import sys
from xml.etree import ElementTree

import pytest
import yaml
from peer import NodeUnderTest
from processes import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import reference  # noqa: E402

SECURITY = ROOT / "config" / "security" / "segcap.policy.xml"


@pytest.fixture(scope="module")
def askers(_compressed_node, domain, logs):
    """Askers of a node with every default, and of one with image_transport: compressed."""
    plain = NodeUnderTest(logs, domain, defaults=True)
    peer = plain.client
    found = [reference.Asker(node.full_name, peer.node, peer.executor) for node in (plain, _compressed_node)]
    for asker in found:
        reference.wait_for_graph(asker)
    yield found
    plain.stop()


def test_the_reference_is_up_to_date(askers):
    assert reference.FILE.read_text(encoding="utf-8") == reference.render(*askers), "run `make reference`"


def test_the_parameter_file_holds_every_default(askers):
    defaults = {descriptor.name: reference.default_of(value) for descriptor, value in askers[0].parameters()}
    assert defaults.pop("use_sim_time") is False, "left to launch files"
    file = yaml.safe_load((ROOT / "config" / "segcap.param.yaml").read_text(encoding="utf-8"))
    assert dict(flat(file["/**"]["ros__parameters"])) == defaults


def flat(values, prefix=""):
    for name, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def test_the_security_policy_names_exactly_what_the_node_has(askers):
    profile = ElementTree.parse(SECURITY).getroot().find(".//profile")
    assert profile.attrib == {"ns": "/", "node": "segcap"}

    def named(group, attribute):
        lists = profile.iterfind(f"{group}[@{attribute}='ALLOW']")
        return {expression.text for expressions in lists for expression in expressions}

    plain, compressed = askers
    inputs = plain.subscriptions().keys() | compressed.subscriptions().keys()
    assert named("topics", "subscribe") == inputs | reference.VISION_MSGS_IN.keys()
    assert named("topics", "publish") == plain.publishers().keys() | reference.VISION_MSGS_OUT.keys()
    assert named("services", "reply") == plain.services().keys()
    assert named("actions", "execute") == plain.actions().keys()


def test_the_rviz_layout_shows_topics_that_there_are(askers):
    layout = yaml.safe_load((ROOT / "rviz" / "segcap.rviz").read_text(encoding="utf-8"))
    image, info = "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo"
    kinds = {
        "rviz_default_plugins/Image": {"Topic": image},
        "rviz_default_plugins/DepthCloud": {
            "Depth Map Topic": image, "Color Image Topic": image, "CameraInfo Topic": info,
        },
        "rviz_default_plugins/MarkerArray": {"Topic": "visualization_msgs/msg/MarkerArray"},
        "rviz_default_plugins/Axes": {},
    }  # fmt: skip
    there = {name.replace("~/", "segcap/"): type_ for name, (type_, _) in askers[0].publishers().items()}
    there |= {"image": image, "depth": image, "camera_info": info}
    for display in layout["Visualization Manager"]["Displays"]:
        for name, kind in kinds[display["Class"]].items():
            topic = display[name]["Value"] if name == "Topic" else display[name]
            assert there[topic] == kind, (display["Name"], name)
