//! How services are answered: never by silence.

use futures::StreamExt;
use futures::future::BoxFuture;
use r2r::{QosProfile, ServiceRequest, WrappedServiceTypeSupport as Service};

/// The work of a service or subscription, polled by the thread `ros-spin`; it ends when the node is dropped.
pub type Serving = BoxFuture<'static, ()>;

/// A service that hands every request to `take`, which must not block and answers with [`respond`], now or later.
///
/// # Errors
/// When rcl cannot create it.
pub fn serve<S: Service + 'static>(
    node: &mut r2r::Node,
    name: &str,
    qos: QosProfile,
    mut take: impl FnMut(S::Request, Pending<S>) + Send + 'static,
) -> r2r::Result<Serving>
where
    S::Request: Send,
{
    let requests = node.create_service::<S>(name, qos)?;
    let serving = requests.for_each(move |mut request| {
        let message = std::mem::take(&mut request.message);
        take(message, Pending(request));
        futures::future::ready(())
    });
    Ok(Box::pin(serving))
}

/// A request that waits for its answer.
pub struct Pending<S: Service>(ServiceRequest<S>);

impl<S: Service + 'static> Pending<S> {
    pub fn respond(self, response: S::Response) {
        // The client may have left, or the node is shutting down: nobody is there to be told.
        if let Err(error) = self.0.respond(response) {
            log::debug!("an answer could not be sent: {error}");
        }
    }
}
