"""Every parameter, set to every value that it must not take: refused with a reason, and nothing changes."""

import math

import pytest
from managed import Managed
from patience import PATIENCE_S
from rcl_interfaces.msg import Parameter, ParameterEvent, ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParameters, SetParametersAtomically

BOOL, INTEGER, DOUBLE, STRING = 1, 2, 3, 4
INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1
# One value of every type that there is, by the type's number.
OF_TYPE = {
    0: {},
    1: {"bool_value": True},
    2: {"integer_value": 7},
    3: {"double_value": 0.5},
    4: {"string_value": "seven"},
    5: {"byte_array_value": [b"7"]},
    6: {"bool_array_value": [True]},
    7: {"integer_array_value": [7]},
    8: {"double_array_value": [0.5]},
    9: {"string_array_value": ["seven"]},
    200: {},
}


@pytest.fixture(scope="module")
def parameters(_shared_node):
    """Clients, and the descriptor and value of every parameter."""
    managed = Managed(_shared_node.full_name, _shared_node.client)
    names = managed.call(ListParameters, "list_parameters").result.names
    descriptors = managed.call(DescribeParameters, "describe_parameters", names=names).descriptors
    yield managed, names, descriptors
    managed.close()


def values(managed, names):
    return managed.call(GetParameters, "get_parameters", names=names).values


def wrong_types(descriptor):
    # 5 is taken for 5.0, as people write it; an unquoted `off` comes as the boolean false.
    fine = {descriptor.type} | ({INTEGER} if descriptor.type == DOUBLE else set())
    return [ParameterValue(type=kind, **fields) for kind, fields in OF_TYPE.items() if kind not in fine]


def out_of_range(descriptor):
    for limits in descriptor.integer_range:
        numbers = [limits.from_value - 1, limits.to_value + 1, INTEGER_MIN, INTEGER_MAX]
        yield from (ParameterValue(type=INTEGER, integer_value=number) for number in numbers)
    for limits in descriptor.floating_point_range:
        above, below = math.nextafter(limits.to_value, math.inf), math.nextafter(limits.from_value, -math.inf)
        numbers = [above, below, math.nan, math.inf, -math.inf, 1e308, -1e308]
        yield from (ParameterValue(type=DOUBLE, double_value=number) for number in numbers)
        yield from (ParameterValue(type=INTEGER, integer_value=number) for number in (INTEGER_MIN, INTEGER_MAX))
    if descriptor.type == STRING:
        texts = ["nonsense", "x" * 100_000, "two\nlines", "\x07", " ", "\u00e4\U0001f600"]
        if "one of" in descriptor.additional_constraints:
            texts += ["", "AUTO", "raw ", "off,on"]
        yield from (ParameterValue(type=STRING, string_value=text) for text in texts)
    if descriptor.type == ParameterType.PARAMETER_STRING_ARRAY:
        lists = [["front", "front"], ["no spaces"], ["/absolute"], ["1st"], ["a__b"], ["\u00e4"], ["x" * 100_000], ["a"] * 10_000]
        yield from (ParameterValue(type=descriptor.type, string_array_value=names) for names in lists)


def test_every_wrong_value_of_every_parameter_is_refused_and_changes_nothing(parameters, node):
    managed, names, descriptors = parameters
    before = values(managed, names)
    tried = 0
    for descriptor in descriptors:
        wrong = wrong_types(descriptor) + list(out_of_range(descriptor))
        wanted = [Parameter(name=descriptor.name, value=value) for value in wrong]
        results = managed.call(SetParameters, "set_parameters", parameters=wanted).results
        assert len(results) == len(wrong)
        for value, result in zip(wrong, results, strict=True):
            assert not result.successful, f"{descriptor.name} took {value}"
            assert descriptor.name in result.reason and len(result.reason) > 20, result.reason
            assert len(result.reason) < 5000, "a reason can be read"
        tried += len(wrong)
    assert tried > 300
    assert values(managed, names) == before


def test_bad_names_are_refused(parameters, node):
    managed, _names, _ = parameters
    value = ParameterValue(type=INTEGER, integer_value=1)
    for name in ["", " ", "no.such", "overlay", "overlay.", ".alpha", "OVERLAY.ALPHA", "x" * 10_000, "\u00e4", "a\nb"]:
        [result] = managed.call(SetParameters, "set_parameters", parameters=[Parameter(name=name, value=value)]).results
        assert not result.successful and "no such parameter" in result.reason
    assert managed.call(SetParameters, "set_parameters").results == []
    assert managed.call(SetParametersAtomically, "set_parameters_atomically").result.successful, "nothing is all of nothing"


def test_one_wrong_value_among_many_right_ones_keeps_all_of_them_out(parameters, node):
    managed, names, descriptors = parameters
    before = values(managed, names)
    events = []
    subscription = managed.peer.node.create_subscription(ParameterEvent, "/parameter_events", events.append, 100)
    right = [
        Parameter(name=d.name, value=ParameterValue(type=DOUBLE, double_value=d.floating_point_range[0].to_value))
        for d in descriptors
        if d.floating_point_range and not d.read_only
    ]
    assert len(right) > 4
    for place in (0, len(right) // 2, len(right)):
        for wrong in (
            Parameter(name="overlay.alpha", value=ParameterValue(type=DOUBLE, double_value=math.nan)),
            Parameter(name="no.such", value=ParameterValue(type=DOUBLE, double_value=1.0)),
            Parameter(name="provider", value=ParameterValue(type=STRING, string_value="cuda")),
            Parameter(name="cameras", value=ParameterValue(type=9, string_array_value=["front"])),
        ):
            wanted = [*right[:place], wrong, *right[place:]]
            result = managed.call(SetParametersAtomically, "set_parameters_atomically", parameters=wanted).result
            assert not result.successful and wrong.name in result.reason
    assert values(managed, names) == before
    managed.peer.spin(0.3)
    assert not [event for event in events if event.node == managed.full_name]
    managed.peer.node.destroy_subscription(subscription)


def test_what_is_accepted_is_told_on_parameter_events(parameters, node):
    managed, _, _ = parameters
    events = []
    subscription = managed.peer.node.create_subscription(ParameterEvent, "/parameter_events", events.append, 100)
    managed.peer.wait_for(lambda: managed.peer.node.count_publishers("/parameter_events") >= 2, PATIENCE_S, "the node's events")
    [before] = values(managed, ["overlay.alpha"])
    try:
        told = lambda: [e for e in events if e.node == managed.full_name]  # noqa: E731

        def change():
            alpha = 0.25 if not told() else 0.5
            assert managed.set_parameter("overlay.alpha", alpha + 0.01 * len(events)).successful

        managed.peer.wait_for(told, PATIENCE_S, "an event", meanwhile=change)
        [changed] = told()[0].changed_parameters
        assert changed.name == "overlay.alpha" and changed.value.type == DOUBLE
        assert told()[0].stamp.sec > 1_600_000_000
    finally:
        assert managed.set_parameter("overlay.alpha", before.double_value).successful
        managed.peer.node.destroy_subscription(subscription)
