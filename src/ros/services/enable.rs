//! `~/set_enabled`: a pause in which everything stays loaded.

use r2r::std_srvs::srv::SetBool;

use super::{Serving, serve};
use crate::ros::interfaces;
use crate::runtime::Handle;

/// # Errors
/// When rcl cannot create the service.
pub fn serve_set_enabled(node: &mut r2r::Node, handle: Handle) -> r2r::Result<Serving> {
    serve::<SetBool::Service>(node, interfaces::SET_ENABLED, interfaces::service_qos(), move |request, pending| {
        let result = handle.set_enabled(request.data);
        match &result {
            Ok(()) => log::info!("inference is {}", if request.data { "enabled" } else { "disabled" }),
            Err(refusal) => log::warn!("set_enabled: {}: {refusal}", refusal.code),
        }
        let message = result.as_ref().err().map(|refusal| refusal.message.clone());
        pending.respond(SetBool::Response { success: result.is_ok(), message: message.unwrap_or_default() });
    })
}
