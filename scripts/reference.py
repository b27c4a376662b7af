"""Writes docs/reference.md from what a running segcap_node says of itself: its topics, services and parameters.

    python scripts/reference.py        (make reference)

What a name is for stands below; everything else comes from the node. tests/integration/test_reference.py fails when the
file is out of date.
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "demo"))

import rclpy  # noqa: E402
from processes import Process, free_domain_id, node_command, ros_environment  # noqa: E402
from rcl_interfaces.msg import ParameterType  # noqa: E402
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters  # noqa: E402
from rclpy.action.graph import get_action_server_names_and_types_by_node  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402

FILE = ROOT / "docs" / "reference.md"
GRAPH_TIMEOUT_S = 60.0

# What each name is for, in the order of the tables. Relative names are inputs to be remapped, `~/` names the node's own.
NOTES = {
    "image": "the camera's pictures: rgb8 bgr8 rgba8 bgra8 mono8 mono16 yuyv uyvy nv12 nv21 nv24 bayer_*8 (yuv422 is uyvy, "
    "yuv422_yuy2 yuyv, 8UC1 mono8, 8UC3 bgr8, 8UC4 bgra8); only the newest is read",
    "image/compressed": "instead of `image` with `image_transport: compressed`: JPEG, PNG",
    "depth": "registered to the image, 32FC1 metres or 16UC1 millimetres: positions in space",
    "camera_info": "the camera's calibration, for positions in space; where it is not remapped, `camera_info` beside the image's "
    "topic",
    "~/prompts": "points, boxes, masks, everything; for one frame, or sticky",
    "~/prompt_point": "one foreground click, pixels",
    "~/overlay_mouse_left": "a click in rqt_image_view on the overlay, pixels",
    "~/regions": "masks at once; the same stamp again when captions have come",
    "~/label_map": "mono16: 0 = background, value = `Region.label`",
    "~/overlay": "rgb8: the image with masks, outlines and captions; drawn while somebody listens",
    "~/overlay/compressed": "the same as JPEG",
    "~/markers": "captions and boxes in space, for RViz",
    "~/transition_event": "every step from one lifecycle state to another",
    "/diagnostics": "once a second: state, model and providers, cameras, rates, queues, latencies, memory, last error",
    "/parameter_events": "every change of a parameter",
    "/rosout": "log lines",
    "/clock": "with `use_sim_time`",
    "~/segment": "an image (or the newest frame) and prompts in, regions out",
    "~/query_regions": "regions from memory, by words, pixel, box, id, age; never waits for the model",
    "~/set_enabled": "stops and resumes inference; everything stays loaded",
    "~/clear": "forgets every region",
    "~/describe_everything": "segments and describes everything, with progress and cancel",
    "~/change_state": "`ros2 lifecycle set`: configure, activate, deactivate, cleanup, shutdown",
    "~/get_state": "`ros2 lifecycle get`",
    "~/get_available_states": "every state that there is",
    "~/get_available_transitions": "`ros2 lifecycle list`: what may be asked for now",
    "~/get_transition_graph": "every transition that there is",
    "~/get_logger_levels": "what is logged",
    "~/set_logger_levels": "changes it: 10 debug, 20 info, 30 warn, 40 error, 50 fatal",
    "~/describe_parameters": "`ros2 param describe`",
    "~/get_parameter_types": "types alone",
    "~/get_parameters": "`ros2 param get`",
    "~/list_parameters": "`ros2 param list`",
    "~/set_parameters": "`ros2 param set`: each for itself",
    "~/set_parameters_atomically": "all or none",
}

# There only where vision_msgs was installed when the node was built; the reference tells of them in either case.
VISION_MSGS_IN = {
    "~/prompt_boxes": "any detector's boxes, for the frame with the array's stamp; a box that is turned is taken upright"
}
VISION_MSGS_OUT = {
    "~/detections": "`~/regions` as boxes: `id` the region's, `class_id` the caption, `score` its probability, or its "
    "probability a token where the bundle does not rate captions (0 and "
    "\"\" until the words have come)"
}

# How a descriptor says that a parameter takes effect at configure.
WHILE_UNCONFIGURED = "settable while unconfigured"

TYPE_NAMES = {1: "bool", 2: "integer", 3: "double", 4: "string", 9: "string array"}


class Asker:
    """Asks a running node about itself, with a node of its own that `executor` spins."""

    def __init__(self, full_name, node, executor):
        self.node = node
        self.executor = executor
        self.full_name = full_name
        namespace, _, self.name = full_name.rpartition("/")
        self.namespace = namespace or "/"

    def call(self, kind, service, **fields):
        client = self.node.create_client(kind, f"{self.full_name}/{service}")
        try:
            if not client.wait_for_service(GRAPH_TIMEOUT_S):
                raise TimeoutError(f"{self.full_name}/{service} is not there after {GRAPH_TIMEOUT_S:.0f} s")
            future = client.call_async(kind.Request(**fields))
            self.executor.spin_until_future_complete(future, GRAPH_TIMEOUT_S)
            return future.result()
        finally:
            self.node.destroy_client(client)

    def parameters(self):
        """[(descriptor, value)] in the node's own order."""
        names = self.call(ListParameters, "list_parameters").result.names
        descriptors = self.call(DescribeParameters, "describe_parameters", names=names).descriptors
        return list(zip(descriptors, self.call(GetParameters, "get_parameters", names=names).values, strict=True))

    def short(self, name):
        """`~/regions` for /ns/segcap/regions, `image` for /ns/image."""
        if name.startswith(f"{self.full_name}/"):
            return f"~{name.removeprefix(self.full_name)}"
        below = self.namespace.rstrip("/") + "/"
        absolute = name in ("/diagnostics", "/parameter_events", "/rosout", "/clock")
        return name.removeprefix(below) if name.startswith(below) and not absolute else name

    def topics(self, by_node, by_topic):
        """{short name: (type, QoS)} of the node's publishers or subscriptions."""
        found = {}
        for name, types in by_node(self.name, self.namespace):
            if "/_action/" in name or self.short(name) in {**VISION_MSGS_IN, **VISION_MSGS_OUT}:
                continue
            end = next(end for end in by_topic(name) if (end.node_name, end.node_namespace) == (self.name, self.namespace))
            qos = end.qos_profile
            text = qos.reliability.name.lower().replace("_", " ")
            if qos.durability.name == "TRANSIENT_LOCAL":
                text += ", transient local"
            found[self.short(name)] = (types[0], text)
        return found

    def subscriptions(self):
        return self.topics(self.node.get_subscriber_names_and_types_by_node, self.node.get_subscriptions_info_by_topic)

    def publishers(self):
        return self.topics(self.node.get_publisher_names_and_types_by_node, self.node.get_publishers_info_by_topic)

    def services(self):
        """{short name: type}"""
        found = self.node.get_service_names_and_types_by_node(self.name, self.namespace)
        return {self.short(name): types[0] for name, types in found if "/_action/" not in name}

    def actions(self):
        found = get_action_server_names_and_types_by_node(self.node, self.name, self.namespace)
        return {self.short(name): types[0] for name, types in found}


def default_of(value):
    """A parameter's value as YAML, or a list for several texts."""
    fields = {1: value.bool_value, 2: value.integer_value, 3: value.double_value, 4: value.string_value}
    if value.type == ParameterType.PARAMETER_STRING_ARRAY:
        return list(value.string_array_value)
    return fields[value.type]


def written(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def allowed(descriptor):
    """What the descriptor says of a parameter's values beside their type."""
    if descriptor.integer_range:
        return f"{descriptor.integer_range[0].from_value} to {descriptor.integer_range[0].to_value}"
    if descriptor.floating_point_range:
        limits = descriptor.floating_point_range[0]
        return f"{limits.from_value:g} to {limits.to_value:g}"
    return descriptor.additional_constraints.replace(WHILE_UNCONFIGURED, "").rstrip("; ")


def settable(descriptor):
    if descriptor.read_only:
        return "at start"
    return "while unconfigured" if WHILE_UNCONFIGURED in descriptor.additional_constraints else "any time"


def table(heading, rows):
    """Markdown."""
    lines = [heading, ["---"] * len(heading), *rows]
    escaped = [[cell.replace("|", "\\|").replace("<", "&lt;") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def kind(text):
    """sensor_msgs/Image for sensor_msgs/msg/Image; our own as links."""
    package, group, name = text.split("/")
    return f"[segcap/{name}](../{group}/{name}.{group})" if package == "segcap" else f"{package}/{name}"


def note(name):
    if name not in NOTES:
        raise KeyError(f"scripts/reference.py: NOTES says nothing of {name}, which the node has")
    return NOTES[name]


def in_order(found):
    """Items in the order of NOTES."""
    order = {name: index for index, name in enumerate(NOTES)}
    return sorted(found.items(), key=lambda item: order.get(item[0], 0))


def topic_table(found):
    rows = [[f"`{name}`", kind(type_), qos, note(name)] for name, (type_, qos) in in_order(found)]
    return table(["topic", "type", "QoS", "what"], rows)


def vision_msgs_table(notes):
    rows = [[f"`{name}`", "vision_msgs/Detection2DArray", "reliable", note] for name, note in notes.items()]
    return table(["topic", "type", "QoS", "what"], rows)


def call_table(found):
    return table(["name", "type", "what"], [[f"`{name}`", kind(type_), note(name)] for name, type_ in in_order(found)])


def parameter_table(parameters):
    rows = [
        [
            f"`{descriptor.name}`", TYPE_NAMES[descriptor.type], f"`{written(default_of(value))}`", allowed(descriptor),
            settable(descriptor), descriptor.description,
        ]
        for descriptor, value in parameters
    ]  # fmt: skip
    return table(["parameter", "type", "default", "allowed", "settable", "what"], rows)


def code_table():
    rows = []
    for line in (ROOT / "msg" / "ResultCode.msg").read_text(encoding="utf-8").splitlines():
        if line.startswith("uint8 "):
            constant, _, meaning = line.removeprefix("uint8 ").partition("#")
            name, _, number = constant.strip().partition("=")
            rows.append([number, f"`{name}`", meaning.strip()])
    return table(["code", "name", "when"], rows)


TEXT = """\
# Reference

Made by `make reference` from a running `segcap_node`; do not edit it by hand.

With `cameras: [front, rear]` each input is `front/image` and so on, each output `~/front/regions` and so on; services and
parameters are the node's. Every output carries the stamp and the frame_id of the image it is about. Fields and units are
explained in the linked files.

## Topics in

{subscriptions}

## Topics out

{publishers}

## With vision_msgs

Where vision_msgs 4 is installed when the node is built ([how](on_a_robot.md#detectors-and-vision_msgs)):

{detections}

## Services

{services}
{actions}
Every answer of `segcap/` services has a `code` and, unless it is 0, a `message` that says what was expected and what came:

{codes}

## Parameters

Ranges are in the descriptors too (`ros2 param describe /segcap NAME`). A set that is refused changes nothing and says why.
"At start" means read-only while the node runs: parameter file, launch argument or `-p name:=value`. "While unconfigured": such a
set takes effect with the next configure, and is refused from configure to cleanup.
Defaults: [config/segcap.param.yaml](../config/segcap.param.yaml).

{parameters}
"""


def render(raw, compressed):
    """The whole file, from a node with defaults and one with image_transport: compressed."""
    actions = raw.actions()
    return TEXT.format(
        subscriptions=topic_table({**compressed.subscriptions(), **raw.subscriptions()}),
        publishers=topic_table(raw.publishers()),
        detections=vision_msgs_table({**VISION_MSGS_IN, **VISION_MSGS_OUT}),
        services=call_table(raw.services()),
        actions=f"\n## Action\n\n{call_table(actions)}\n" if actions else "",
        codes=code_table(),
        parameters=parameter_table(raw.parameters()),
    )


def wait_for_graph(asker, names=("~/regions",)):
    """Until the node and its last entity are seen."""
    deadline = time.monotonic() + GRAPH_TIMEOUT_S
    while time.monotonic() < deadline:
        asker.executor.spin_once(timeout_sec=0.1)
        if (asker.name, asker.namespace) in asker.node.get_node_names_and_namespaces():
            if asker.subscriptions().keys() & {"image", "image/compressed"} and set(names) <= asker.publishers().keys():
                return
    raise TimeoutError(f"{asker.full_name} is not on the graph after {GRAPH_TIMEOUT_S:.0f} s")


def main():
    domain = free_domain_id()
    environment = ros_environment(domain)
    rclpy.init(domain_id=domain)
    node, executor = rclpy.create_node("reference"), SingleThreadedExecutor()
    executor.add_node(node)
    with tempfile.TemporaryDirectory() as logs:
        running, askers = [], []
        for namespace, parameters in (("/raw", {}), ("/compressed", {"image_transport": "compressed"})):
            command = node_command(parameters, namespace=namespace)
            running.append(Process(f"segcap_node {namespace}", command, Path(logs) / f"{namespace[1:]}.log", environment))
            askers.append(Asker(f"{namespace}/segcap", node, executor))
        try:
            for asker in askers:
                wait_for_graph(asker)
            FILE.write_text(render(*askers), encoding="utf-8")
        finally:
            for process in running:
                process.stop()
            rclpy.shutdown()
    print(f"wrote {FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
