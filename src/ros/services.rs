//! How services are answered: never by silence.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::BoxFuture;
use r2r::{QosProfile, ServiceRequest, WrappedServiceTypeSupport as Service};

use crate::core::pace::{Asker, Pace};

/// The work of a service or subscription, polled by the thread `ros-spin`; it ends when the node is dropped.
pub type Serving = BoxFuture<'static, ()>;

/// A service that hands every request to `take`, which must not block and answers with [`Pending::respond`], now or later.
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
    let pace = Arc::new(Pace::default());
    let serving = requests.for_each(move |mut request| {
        let message = std::mem::take(&mut request.message);
        take(message, Pending { request, asker: pace.asked() });
        futures::future::ready(())
    });
    Ok(Box::pin(serving))
}

/// A request that waits for its answer.
pub struct Pending<S: Service> {
    request: ServiceRequest<S>,
    asker: Asker,
}

impl<S: Service + 'static> Pending<S> {
    /// Answers now.
    pub fn respond(self, response: S::Response) {
        // The client may have left, or the node is shutting down: nobody is there to be told.
        if let Err(error) = self.request.respond(response) {
            log::debug!("an answer could not be sent: {error}");
        }
    }

    /// Answers as soon as the answers to others leave room for it: for services that a crowd may ask at once. `step`: see
    /// [`Asker::wait`].
    pub async fn respond_in_turn(self, response: S::Response, step: Duration) {
        let wait = self.asker.wait(Instant::now(), step);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        self.respond(response);
    }
}
