//! ONNX Runtime: bundles, sessions, providers; implements the ports of `core`.
