"""From numpy to the device that renders. All tensors of the renderer come from here or from tensors that do."""
import numpy as np
import torch


def on(device, array, dtype=torch.float32):
    """The array as a tensor of `dtype` on `device`."""
    return torch.as_tensor(np.ascontiguousarray(array), dtype=dtype, device=device)
