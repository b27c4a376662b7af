//! What goes out by topics, where somebody listens.

pub(super) mod diagnostics;
pub(super) mod markers;
pub(super) mod overlay;
pub(super) mod regions;

use r2r::{Publisher, WrappedTypesupport};

/// Whether anybody would see a message.
pub fn has_listeners<M: WrappedTypesupport + 'static>(publisher: &Publisher<M>) -> bool {
    publisher.get_inter_process_subscription_count().is_ok_and(|count| count > 0)
}

/// Publishes; that fails only while the node goes down.
pub fn send<M: WrappedTypesupport + 'static>(publisher: &Publisher<M>, message: &M) {
    if let Err(error) = publisher.publish(message) {
        log::debug!("a message could not be published: {error}");
    }
}
