//! The services and the topic of a managed node, as every rclcpp lifecycle node has them: r2r knows none of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use r2r::Publisher;
use r2r::lifecycle_msgs::msg::TransitionEvent;
use r2r::lifecycle_msgs::srv::{ChangeState, GetAvailableStates, GetAvailableTransitions, GetState};
use tokio::sync::oneshot;

use super::parameters::Server;
use super::{Serving, serve};
use crate::core::node::lifecycle::{State, TRANSITIONS, Transition, Wanted};
use crate::ros::{convert, interfaces};
use crate::runtime::{Begun, Managed};

/// Clones drive the same node.
#[derive(Clone)]
pub struct Lifecycle(Arc<Inner>);

struct Inner {
    managed: Arc<Managed>,
    parameters: Arc<Server>,
    events: Mutex<Publisher<TransitionEvent>>,
    /// Where transitions wait for the model.
    tokio: tokio::runtime::Handle,
}

impl Lifecycle {
    /// # Errors
    /// When rcl cannot create the publisher.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn create(node: &mut r2r::Node, managed: Arc<Managed>, parameters: Arc<Server>) -> r2r::Result<Self> {
        let events = node.create_publisher(interfaces::TRANSITION_EVENT, interfaces::transition_event_qos())?;
        let tokio = tokio::runtime::Handle::current();
        Ok(Self(Arc::new(Inner { managed, parameters, events: Mutex::new(events), tokio })))
    }

    /// # Errors
    /// When rcl cannot create a service.
    pub fn serve(&self, node: &mut r2r::Node) -> r2r::Result<Vec<Serving>> {
        let qos = interfaces::service_qos;
        let [change, state, ways] = [(); 3].map(|()| self.clone());
        let change = serve::<ChangeState::Service>(node, interfaces::CHANGE_STATE, qos(), move |request, pending| {
            let asked = request.transition;
            change.change(asked.id, &asked.label, move |success| pending.respond(ChangeState::Response { success }));
        })?;
        let state = serve::<GetState::Service>(node, interfaces::GET_STATE, qos(), move |_, pending| {
            pending.respond(GetState::Response { current_state: convert::state(state.0.managed.state()) });
        })?;
        let states =
            serve::<GetAvailableStates::Service>(node, interfaces::GET_AVAILABLE_STATES, qos(), |_, pending| {
                let available_states = State::ALL.into_iter().map(convert::state).collect();
                pending.respond(GetAvailableStates::Response { available_states });
            })?;
        let ways = serve::<GetAvailableTransitions::Service>(
            node,
            interfaces::GET_AVAILABLE_TRANSITIONS,
            qos(),
            move |_, pending| pending.respond(described(ways.0.managed.available())),
        )?;
        let graph =
            serve::<GetAvailableTransitions::Service>(node, interfaces::GET_TRANSITION_GRAPH, qos(), |_, pending| {
                pending.respond(described(&TRANSITIONS))
            })?;
        Ok(vec![change, state, states, ways, graph])
    }

    /// Configures and activates, whether or not anybody waits for the returned signal, which comes in either case. Where
    /// it fails, the log says why and the node stays, to be configured again.
    pub fn autostart(&self) -> oneshot::Receiver<()> {
        let (ended, signal) = oneshot::channel();
        let lifecycle = self.clone();
        self.change(0, "configure", move |configured| {
            if configured {
                // Dropping the sender is the signal.
                lifecycle.change(0, "activate", move |_| drop(ended));
            } else {
                let node = lifecycle.0.parameters.node();
                log::error!("not started; correct what stands above, then: ros2 lifecycle set {node} configure");
            }
        });
        signal
    }

    /// Passes "shutdown" and frees the model; whether that was done in time.
    pub async fn end(&self, within: Duration) -> bool {
        let lifecycle = self.clone();
        let ending = self.0.tokio.spawn_blocking(move || lifecycle.0.managed.end(&|way| lifecycle.tell(way)));
        tokio::time::timeout(within, ending).await.is_ok()
    }

    /// Refuses at once, or sets out and calls `done` when it has arrived or failed.
    fn change(&self, id: u8, label: &str, done: impl FnOnce(bool) + Send + 'static) {
        // r2r gives text as it came.
        let label = label.replace('\0', "");
        match self.0.managed.begin(Wanted { id, label: &label }) {
            Ok(begun) => {
                let lifecycle = self.clone();
                // Not waited for here: loading takes seconds, building engines minutes.
                self.0.tokio.spawn_blocking(move || done(lifecycle.carry_out(begun)));
            }
            Err(refusal) => {
                log::warn!("transition: {refusal}");
                done(false);
            }
        }
    }

    fn carry_out(&self, begun: Begun) -> bool {
        self.0.managed.carry_out(begun, || self.0.parameters.configuration(), &|way| self.tell(way))
    }

    fn tell(&self, way: &Transition) {
        if way.to.is_transition() {
            log::debug!("lifecycle: {} -> {} ({})", way.from, way.to, way.label);
        } else {
            log::info!("lifecycle: {} -> {}", way.from, way.to);
        }
        if way.to == State::Active {
            log::info!("ready");
        }
        let events = self.0.events.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = events.publish(&convert::transition_event(way)) {
            log::debug!("a transition could not be published: {error}");
        }
    }
}

fn described<'a>(ways: impl IntoIterator<Item = &'a Transition>) -> GetAvailableTransitions::Response {
    GetAvailableTransitions::Response {
        available_transitions: ways.into_iter().map(convert::transition_description).collect(),
    }
}
