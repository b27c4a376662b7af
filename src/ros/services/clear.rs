//! `~/clear`: the node forgets what it has seen.

use r2r::std_srvs::srv::Trigger;

use super::{Serving, serve};
use crate::ros::{convert, interfaces};
use crate::runtime::Handle;

/// # Errors
/// When rcl cannot create the service.
pub fn serve_clear(node: &mut r2r::Node, handle: Handle) -> r2r::Result<Serving> {
    serve::<Trigger::Service>(node, interfaces::CLEAR, interfaces::service_qos(), move |_, pending| {
        pending.respond(convert::cleared(handle.forget()));
    })
}
