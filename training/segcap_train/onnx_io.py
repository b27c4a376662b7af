"""Writing one graph as a single ONNX file, with its weights stored in half precision."""
import warnings

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
SMALLEST_HALVED = 512      # elements; small tensors gain nothing and often need the precision


def write(module, args, path, inputs, outputs, dynamic):
    """Exports `module` called with `args`; `dynamic` is {tensor: {axis: name}}."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), args, str(path), input_names=inputs, output_names=outputs,
                          dynamic_axes=dynamic, opset_version=OPSET, dynamo=False)
    model = onnx.load(str(path))
    halve(model.graph)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def halve(graph):
    """Stores large float32 weights as float16 behind a Cast, which a runtime folds when it loads."""
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST_HALVED:
            continue
        name = tensor.name
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), name + ".half")
        tensor.CopyFrom(half)
        casts.append(helper.make_node("Cast", [name + ".half"], [name], to=TensorProto.FLOAT,
                                      name=name + ".cast"))
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)


def halve_weights(module):
    """Rounds a PyTorch module's large weights the same way, so that parity compares like with like."""
    with torch.no_grad():
        for tensor in list(module.parameters()) + list(module.buffers()):
            if tensor.dtype == torch.float32 and tensor.numel() >= SMALLEST_HALVED:
                tensor.copy_(tensor.half().float())
