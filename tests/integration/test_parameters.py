"""Parameters as ROS 2 nodes have them: get, list, describe, set; what is refused changes nothing."""

import pytest
from patience import PATIENCE_S
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)

EXPECTED = {
    "bundle", "provider", "threads", "image_transport", "image_reliability", "max_rate_hz", "embedding_cache_mb",
    "everything.points_per_side", "everything.min_area", "caption.mode", "limits.max_prompts", "limits.max_image_px",
    "limits.request_timeout_s", "overlay.alpha",
}  # fmt: skip


@pytest.fixture(scope="module")
def call(_shared_node):
    """Calls one of the node's parameter services."""
    clients = {}
    peer = _shared_node.client

    def call(kind, name, **fields):
        if name not in clients:
            clients[name] = peer.node.create_client(kind, f"{_shared_node.full_name}/{name}")
        peer.wait_for(clients[name].service_is_ready, PATIENCE_S, name)
        future = clients[name].call_async(kind.Request(**fields))
        peer.wait_for(future.done, PATIENCE_S, f"an answer of {name}")
        return future.result()

    yield call
    for client in clients.values():
        peer.node.destroy_client(client)


def parameter(name, value):
    kinds = {bool: "bool", int: "integer", float: "double", str: "string"}
    kind = kinds[type(value)]
    number = getattr(ParameterType, f"PARAMETER_{kind.upper()}")
    return Parameter(name=name, value=ParameterValue(type=number, **{f"{kind}_value": value}))


def get(call, name):
    value = call(GetParameters, "get_parameters", names=[name]).values[0]
    return {1: value.bool_value, 2: value.integer_value, 3: value.double_value, 4: value.string_value}.get(value.type)


def set_one(call, name, value):
    return call(SetParameters, "set_parameters", parameters=[parameter(name, value)]).results[0]


def test_list(node, call):
    names = call(ListParameters, "list_parameters").result.names
    assert EXPECTED <= set(names), EXPECTED - set(names)


def test_list_by_prefix(node, call):
    names = call(ListParameters, "list_parameters", prefixes=["everything"]).result.names
    assert "everything.min_area" in names and all(name.startswith("everything") for name in names)


def test_every_parameter_is_described(node, call):
    names = sorted(EXPECTED)
    described = call(DescribeParameters, "describe_parameters", names=names).descriptors
    assert [descriptor.name for descriptor in described] == names
    for descriptor in described:
        assert descriptor.type != ParameterType.PARAMETER_NOT_SET, descriptor.name
        assert descriptor.description, f"{descriptor.name} has no description"


def test_ranges_and_read_only_are_described(node, call):
    [alpha, cameras, provider] = call(
        DescribeParameters, "describe_parameters", names=["overlay.alpha", "cameras", "provider"]
    ).descriptors
    assert [(r.from_value, r.to_value) for r in alpha.floating_point_range] == [(0.0, 1.0)]
    assert cameras.read_only and not alpha.read_only
    assert not provider.read_only and "while unconfigured" in provider.additional_constraints


def test_types(node, call):
    types = call(GetParameterTypes, "get_parameter_types", names=["overlay.alpha", "threads", "provider"]).types
    expected = (ParameterType.PARAMETER_DOUBLE, ParameterType.PARAMETER_INTEGER, ParameterType.PARAMETER_STRING)
    assert tuple(types) == expected


def test_set_and_get(node, call):
    before = get(call, "overlay.alpha")
    assert set_one(call, "overlay.alpha", 0.25).successful
    assert get(call, "overlay.alpha") == pytest.approx(0.25)
    assert set_one(call, "overlay.alpha", before).successful


REFUSED = {
    "out of range": ("overlay.alpha", 1.5, ["1.5"]),
    "below range": ("limits.max_prompts", 0, ["0"]),
    "not a number": ("overlay.alpha", float("nan"), ["nan"]),
    "wrong type": ("overlay.alpha", "opaque", ["double", "string"]),
    "unknown choice": ("caption.mode", "sometimes", ["sometimes", "background"]),
    "needs configure": ("provider", "cpu", ["unconfigured", "cleanup"]),
    "read-only": ("image_transport", "compressed", ["read-only"]),
    "unknown": ("no_such_thing", 1, ["no_such_thing"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_set_that_is_refused_says_why_and_changes_nothing(node, call, name):
    parameter_name, value, said = REFUSED[name]
    before = get(call, parameter_name)
    result = set_one(call, parameter_name, value)
    assert not result.successful
    for text in (parameter_name, *said):
        assert text.lower() in result.reason.lower(), result.reason
    assert get(call, parameter_name) == before


def test_what_was_dumped_can_be_set_again(node, call):
    """As `ros2 param dump` and `load` do it. An empty list, which comes back from YAML as one of booleans, is [""]."""
    names = call(ListParameters, "list_parameters").result.names
    wanted = [
        Parameter(name=name, value=value)
        for name, value in zip(names, call(GetParameters, "get_parameters", names=names).values, strict=True)
    ]
    empty = ParameterValue(type=ParameterType.PARAMETER_BOOL_ARRAY)
    wanted.append(Parameter(name="cameras", value=empty))
    for result in call(SetParameters, "set_parameters", parameters=wanted).results:
        assert result.successful, result.reason


def test_an_atomic_set_changes_all_or_nothing(node, call):
    before = get(call, "overlay.alpha")
    wanted = [parameter("overlay.alpha", 0.9), parameter("limits.max_prompts", -1)]
    result = call(SetParametersAtomically, "set_parameters_atomically", parameters=wanted).result
    assert not result.successful and "limits.max_prompts" in result.reason
    assert get(call, "overlay.alpha") == before


def test_a_set_takes_effect(node, call):
    from checks import check_regions, good, refusal
    from client import box_prompt
    from scenes import disc_scene
    from segcap.msg import ResultCode

    scene = disc_scene(320, 240)
    before = get(call, "limits.max_prompts")
    try:
        assert set_one(call, "limits.max_prompts", 1).successful
        two = node.segment([box_prompt("a", scene.box)] * 2, scene.rgb)
        refusal(two, ResultCode.INVALID_PROMPT, "2", "max_prompts")
        check_regions(good(node.segment([box_prompt("a", scene.box)], scene.rgb)))
    finally:
        assert set_one(call, "limits.max_prompts", before).successful


def test_values_from_the_command_line(start_node):
    # An empty list: `ros2 param dump` writes it for a node with one camera.
    node = start_node(parameters={"cameras": "[]", "limits.max_prompts": 3, "overlay.alpha": 1, "caption.mode": "off"})
    client = node.client.node.create_client(GetParameters, f"{node.full_name}/get_parameters")
    node.client.wait_for(client.service_is_ready, PATIENCE_S, "get_parameters")
    names = ["limits.max_prompts", "overlay.alpha", "caption.mode", "cameras"]
    future = client.call_async(GetParameters.Request(names=names))
    node.client.wait_for(future.done, PATIENCE_S, "the values")
    prompts, alpha, mode, cameras = future.result().values
    assert list(cameras.string_array_value) == [""], "one camera without a name, however that was written"
    assert (prompts.integer_value, alpha.double_value, mode.string_value) == (3, 1.0, "off")
