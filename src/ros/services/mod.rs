//! How services are answered: never by silence.

pub(super) mod clear;
pub(super) mod describe;
pub(super) mod enable;
pub(super) mod lifecycle;
#[cfg(has_logger_services)]
pub(super) mod loggers;
pub(super) mod parameters;
pub(super) mod query;
pub(super) mod segment;

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::BoxFuture;
use r2r::{QosProfile, ServiceRequest, WrappedServiceTypeSupport as Service};
use tokio::runtime::Handle as Tokio;

use crate::core::node::pace::{Again, Asker, Pace};

/// The work of a service or subscription, polled by the thread `ros-spin`; it ends when the node is dropped.
pub type Serving = BoxFuture<'static, ()>;

/// An answer whose client is not to be reached yet is sent again after each of these pauses, a minute in all. A client that
/// has just come may know the node before the node knows it, by seconds where an announcement is lost on a busy machine; rmw
/// waits 0.1 s for that. It holds up the service meanwhile, so the pauses grow. A client that has left is no error for rmw,
/// which knows of one that was killed after 20 s.
fn pauses() -> impl Iterator<Item = Duration> {
    let first = [200, 200, 400, 600].map(Duration::from_millis);
    first.into_iter().chain(std::iter::repeat_n(Duration::from_secs(1), 58))
}

/// A service that hands every request to `take`, which must not block and answers with [`Pending::respond`], now or later.
///
/// # Errors
/// When rcl cannot create it.
///
/// # Panics
/// Outside a tokio runtime.
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
    let (pace, tokio) = (Arc::new(Pace::default()), Tokio::current());
    let serving = requests.for_each(move |mut request| {
        let message = std::mem::take(&mut request.message);
        take(message, Pending { request, asker: pace.asked(), tokio: tokio.clone() });
        futures::future::ready(())
    });
    Ok(Box::pin(serving))
}

/// A request that waits for its answer.
pub struct Pending<S: Service> {
    request: ServiceRequest<S>,
    asker: Asker,
    tokio: Tokio,
}

impl<S: Service + 'static> Pending<S>
where
    S::Request: Send,
    S::Response: Send,
{
    /// Answers now.
    pub fn respond(self, response: S::Response) {
        let Self { request, tokio, .. } = self;
        // Copies: r2r keeps neither when it fails.
        let send = move || request.clone().respond(response.clone());
        if send().is_err() {
            tokio.spawn(send_again(pauses(), send));
        }
    }

    /// Answers as soon, and as often, as the answers to others leave room for it: for services that a crowd may ask at
    /// once. Clients ignore an answer that they have had.
    pub async fn respond_in_turn(mut self, response: S::Response) {
        let turn = self.asker.turn(Instant::now());
        if !turn.wait.is_zero() {
            tokio::time::sleep(turn.wait).await;
        }
        if turn.again == Again::Never || self.request.clone().respond(response.clone()).is_err() {
            return self.respond(response);
        }
        // In a task of its own: shutdown waits for answers, but not for their repetition.
        self.tokio.clone().spawn(self.repeat(response, turn.again));
    }

    async fn repeat(mut self, response: S::Response, again: Again) {
        if let Again::Perhaps(wait) = again {
            tokio::time::sleep(wait).await;
            if !self.asker.may_be_unheard() {
                return;
            }
        }
        while let Some(wait) = self.asker.wait_to_repeat(Instant::now()) {
            tokio::time::sleep(wait).await;
        }
        self.respond(response);
    }
}

/// Ends when the answer has been sent, or its client was not to be reached after any of the pauses.
async fn send_again<E: Display>(pauses: impl Iterator<Item = Duration>, send: impl Fn() -> Result<(), E>) {
    let mut pauses = pauses.peekable();
    let mut attempt = 1;
    while let Some(pause) = pauses.next() {
        tokio::time::sleep(pause).await;
        attempt += 1;
        match send() {
            Ok(()) => return log::debug!("an answer was sent at attempt {attempt}"),
            Err(error) if pauses.peek().is_none() => {
                log::warn!("an answer could not be sent in {attempt} attempts: {error}");
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How often an answer is sent (again) to a client who is there from the attempt `there_from` on.
    async fn attempts(there_from: u32) -> u32 {
        let attempt = Cell::new(1);
        send_again(pauses().map(|_| Duration::ZERO), || {
            attempt.set(attempt.get() + 1);
            if attempt.get() < there_from { Err("timeout") } else { Ok(()) }
        })
        .await;
        attempt.get()
    }

    #[tokio::test]
    async fn a_client_who_is_found_late_gets_its_answer_once() {
        assert_eq!(attempts(4).await, 4);
        assert_eq!(attempts(30).await, 30);
    }

    #[tokio::test]
    async fn a_client_who_is_never_found_is_given_up_after_a_minute() {
        assert_eq!(attempts(u32::MAX).await, 63);
        assert_eq!(pauses().sum::<Duration>().as_secs(), 59);
    }
}
