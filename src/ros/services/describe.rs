//! `~/describe_everything`: the action.
//!
//! An action is three services and two topics, and `core::node::goals` keeps its books; r2r's action server is not used,
//! because it (0.9.7) leaves canceled goals in CANCELING, fails on two cancels in one request, and keeps every result and
//! every finished goal for ever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use r2r::action_msgs::msg::GoalStatusArray;
use r2r::action_msgs::srv::CancelGoal;
use r2r::segcap::action::DescribeEverything::{FeedbackMessage, GetResult, Result as ResultMessage, SendGoal};
use r2r::{Publisher, QosProfile};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Pending, Serving, serve};
use crate::core::frame::Stamp;
use crate::core::node::describe::Goal;
use crate::core::node::goals::{Asked, GoalId, GoalStatus, Goals};
use crate::core::result_code::ResultCode;
use crate::ros::cameras::Cameras;
use crate::ros::publishers::send;
use crate::ros::{convert, interfaces};
use crate::runtime::api::Refusal;
use crate::runtime::{Described, Describing, Handle};

/// Serves the action. Each goal is followed in a task of its own, which `calls` knows, so that shutdown can wait for the
/// last results.
///
/// # Errors
/// When rcl cannot create one of its services and topics.
///
/// # Panics
/// Outside a tokio runtime.
pub fn serve_describe_everything(
    node: &mut r2r::Node,
    handle: Handle,
    cameras: Cameras,
    calls: TaskTracker,
) -> r2r::Result<Vec<Serving>> {
    let name = |part| interfaces::action_part(interfaces::DESCRIBE_EVERYTHING, part);
    let qos: fn() -> QosProfile = interfaces::service_qos;
    let server = Arc::new(Server {
        handle,
        cameras,
        calls,
        tokio: tokio::runtime::Handle::current(),
        books: Mutex::default(),
        feedback: Mutex::new(node.create_publisher(&name("feedback"), interfaces::feedback_qos())?),
        status: Mutex::new(node.create_publisher(&name("status"), interfaces::goal_status_qos())?),
    });
    let [goals, cancels, results] = [(); 3].map(|()| Arc::clone(&server));
    Ok(vec![
        serve::<SendGoal::Service>(node, &name("send_goal"), qos(), move |request, pending| {
            goals.take_goal(convert::goal_id(&request.goal_id), convert::describe_goal(request.goal), pending);
        })?,
        serve::<CancelGoal::Service>(node, &name("cancel_goal"), qos(), move |request, pending| {
            cancels.cancel(&request, pending);
        })?,
        serve::<GetResult::Service>(node, &name("get_result"), qos(), move |request, pending| {
            results.tell_result(convert::goal_id(&request.goal_id), pending);
        })?,
    ])
}

struct Server {
    handle: Handle,
    cameras: Cameras,
    calls: TaskTracker,
    tokio: tokio::runtime::Handle,
    books: Mutex<Books>,
    feedback: Mutex<Publisher<FeedbackMessage>>,
    status: Mutex<Publisher<GoalStatusArray>>,
}

#[derive(Default)]
struct Books {
    goals: Goals<ResultMessage, Pending<GetResult::Service>>,
    running: HashMap<GoalId, CancellationToken>,
}

/// rclpy hears no more feedback of a goal whose result it has: the last feedback gets so much of a start.
const HEAD_START: Duration = Duration::from_millis(75);

impl Server {
    /// A rejection bears no words. So a goal that is not run is accepted and aborted at once, with a code and the reason; only one
    /// with the id of another goal is rejected, because nobody could tell their results apart.
    fn take_goal(self: &Arc<Self>, id: GoalId, goal: Goal, pending: Pending<SendGoal::Service>) {
        let accepted = convert::now_stamp();
        if self.books().goals.is_known(id) {
            log::warn!(
                "describe_everything: a goal was rejected: expected a new goal id, got that of a goal that is there already"
            );
            return pending.respond(convert::goal_response(false, accepted));
        }
        let describing = match self.begin(goal) {
            Ok(describing) => describing,
            Err(refusal) => {
                log::info!("describe_everything: {}: {refusal}", refusal.code);
                let described = Described { stamp: Stamp::default(), regions: Vec::new(), ending: Err(refusal) };
                self.books().goals.refuse(id, accepted, convert::describe_result(&described), Instant::now());
                pending.respond(convert::goal_response(true, accepted));
                return self.publish_status();
            }
        };
        let canceled = CancellationToken::new();
        {
            let mut books = self.books();
            books.goals.begin(id, accepted, Instant::now());
            books.running.insert(id, canceled.clone());
        }
        pending.respond(convert::goal_response(true, accepted));
        self.publish_status();
        let server = Arc::clone(self);
        let follow = async move {
            let described = server.follow(id, describing, canceled).await;
            if described.ending.is_ok() {
                tokio::time::sleep(HEAD_START).await;
            }
            server.end(id, &described);
        };
        self.calls.spawn_on(follow, &self.tokio);
    }

    fn begin(&self, mut goal: Goal) -> Result<Describing, Refusal> {
        goal.camera = self.cameras.find(&goal.camera)?.to_string();
        self.handle.describe_everything(&goal)
    }

    async fn follow(&self, id: GoalId, mut describing: Describing, canceled: CancellationToken) -> Described {
        loop {
            tokio::select! {
                () = canceled.cancelled() => break,
                progress = describing.progress() => match progress {
                    Some(progress) => send(&lock(&self.feedback), &convert::feedback(id, &progress)),
                    None => break,
                },
            }
        }
        describing.ended()
    }

    fn end(&self, id: GoalId, described: &Described) {
        let wanted = match &described.ending {
            Ok(()) => GoalStatus::Succeeded,
            Err(refusal) if refusal.code == ResultCode::Canceled => GoalStatus::Canceled,
            Err(_) => GoalStatus::Aborted,
        };
        if let Err(refusal) = &described.ending {
            log::info!("describe_everything: {}: {refusal}", refusal.code);
        }
        let result = convert::describe_result(described);
        let (status, waiting) = {
            let mut books = self.books();
            books.running.remove(&id);
            books.goals.end(id, wanted, result.clone(), Instant::now())
        };
        for pending in waiting {
            pending.respond(convert::result_response(status, result.clone()));
        }
        self.publish_status();
    }

    fn cancel(&self, request: &CancelGoal::Request, pending: Pending<CancelGoal::Service>) {
        let (wanted, before) = convert::cancel_request(request);
        let (code, canceling) = self.books().goals.cancel(wanted, before);
        pending.respond(convert::cancel_response(code, &canceling));
        if canceling.is_empty() {
            return;
        }
        self.publish_status();
        // Only now, so that "canceling" is told before "canceled".
        let books = self.books();
        canceling.iter().filter_map(|(id, _)| books.running.get(id)).for_each(CancellationToken::cancel);
    }

    fn tell_result(&self, id: GoalId, pending: Pending<GetResult::Service>) {
        let asked = self.books().goals.ask(id, pending, Instant::now());
        match asked {
            Asked::Later => {}
            Asked::Now(status, result, pending) => pending.respond(convert::result_response(status, result)),
            Asked::Unknown(pending) => {
                pending.respond(convert::result_response(GoalStatus::Unknown, ResultMessage::default()));
            }
        }
    }

    fn publish_status(&self) {
        // The publisher first: what is published last is what was true last.
        let publisher = lock(&self.status);
        let statuses = convert::goal_statuses(self.books().goals.statuses());
        send(&publisher, &statuses);
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        lock(&self.books)
    }
}

/// Nothing that can panic is done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
