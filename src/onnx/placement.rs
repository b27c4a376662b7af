//! Which execution provider each node of a graph was given to, as ONNX Runtime recorded it when it made the session.
//!
//! A provider that registers without an error may still take no node at all, and everything runs on the CPU: only this
//! tells. The ort crate has no safe call for it.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char};
use std::{ptr, slice};

use ort::AsPointer;
use ort::session::Session;

/// Must be "1" in the session's configuration for [`nodes_by_provider`] to have something to read.
pub const RECORD_KEY: &str = "session.record_ep_graph_assignment_info";

/// Number of nodes by provider ("CPUExecutionProvider", ...), after fusion.
pub fn nodes_by_provider(session: &Session) -> ort::Result<BTreeMap<String, usize>> {
    let api = ort::api();
    let mut subgraphs = ptr::null();
    let mut count = 0;
    // SAFETY: the session is alive; ONNX Runtime writes an array that the session owns, and its length.
    unsafe { check((api.Session_GetEpGraphAssignmentInfo)(session.ptr(), &mut subgraphs, &mut count))? };
    if subgraphs.is_null() {
        return Ok(BTreeMap::new());
    }
    // SAFETY: the call succeeded, so that `count` pointers lie at `subgraphs`, for as long as the session lives.
    let subgraphs = unsafe { slice::from_raw_parts(subgraphs, count) };
    let mut nodes_by_provider = BTreeMap::new();
    for &subgraph in subgraphs {
        let mut name: *const c_char = ptr::null();
        let (mut nodes, mut node_count) = (ptr::null(), 0);
        // SAFETY: `subgraph` is one of the session's; both calls write a pointer into it, the second a length too.
        unsafe {
            check((api.EpAssignedSubgraph_GetEpName)(subgraph, &mut name))?;
            check((api.EpAssignedSubgraph_GetNodes)(subgraph, &mut nodes, &mut node_count))?;
        }
        // SAFETY: the name is a C string that the session owns.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
        *nodes_by_provider.entry(name).or_default() += node_count;
    }
    Ok(nodes_by_provider)
}

/// Takes the status of a call, whose memory is freed with the error.
unsafe fn check(status: ort::sys::OrtStatusPtr) -> ort::Result<()> {
    // SAFETY: the caller hands over a status that ONNX Runtime has just returned.
    unsafe { ort::Error::result_from_status(status) }
}
