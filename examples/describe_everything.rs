//! Describes everything that the camera sees, and shows how far it has come. Ctrl-C cancels the goal.
//!
//! ```text
//! cargo run --release --example describe_everything -- --time-limit 20
//! ```

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser;
use futures::{FutureExt as _, StreamExt as _};
use r2r::segcap::action::DescribeEverything;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

/// Describes everything that the camera sees, and shows how far it has come. Ctrl-C cancels the goal.
#[derive(Parser)]
struct Args {
    /// Of the grid of clicks; 0: the node's parameter.
    #[arg(long, default_value_t = 0)]
    points_per_side: u32,
    /// The best are kept; 0: the node's parameter.
    #[arg(long, default_value_t = 0)]
    max_regions: u32,
    /// Seconds; 0: none.
    #[arg(long, default_value_t = 0.0)]
    time_limit: f32,
    /// Its name, where the node has several.
    #[arg(long, default_value = "")]
    camera: String,
    /// The node's full name.
    #[arg(long, default_value = "/segcap")]
    node: String,
    /// Seconds to wait for the node, and for each of its answers.
    #[arg(long, default_value_t = 30.0)]
    patience: f32,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut node = r2r::Node::create(r2r::Context::create()?, "describe_everything", "")?;
    let action = format!("{}/describe_everything", args.node);
    let client = node.create_action_client::<DescribeEverything::Action>(&action)?;
    spinning(node, describe(args, client)).await
}

/// Does the work and spins the node meanwhile: r2r answers futures only while somebody does. Drops the node at the end.
async fn spinning<T>(mut node: r2r::Node, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::task::yield_now() => node.spin_once(Duration::from_millis(2)),
        }
    }
}

async fn describe(args: Args, client: r2r::ActionClient<DescribeEverything::Action>) -> anyhow::Result<()> {
    let there = r2r::Node::is_available(&client)?;
    let patience = Duration::from_secs_f32(args.patience);
    timeout(patience, there).await.ok().with_context(|| {
        format!(
            "there is no {}/describe_everything: is segcap_node running, on this ROS_DOMAIN_ID? (waited {patience:?})",
            args.node
        )
    })??;

    // Before there is a goal: from here on no signal is lost, nor does one end the program with the goal still running.
    let mut interrupts = signal(SignalKind::interrupt())?;
    let goal = DescribeEverything::Goal {
        camera: args.camera,
        points_per_side: args.points_per_side,
        min_area: 0,
        max_regions: args.max_regions,
        caption: true,
        time_limit: args.time_limit,
    };
    let accepted = client.send_goal_request(goal)?.await;
    let (goal, result, feedback) = accepted.ok().context("the node rejected the goal; its log says why")?;

    let mut told = Told::default();
    let (mut result, mut feedback) = (Box::pin(result.fuse()), feedback.fuse());
    let (_status, result) = loop {
        tokio::select! {
            finished = &mut result => break finished?,
            Some(progress) = feedback.next() => told.show(&progress),
            _ = interrupts.recv() => {
                println!("canceling ...");
                goal.cancel()?.await?;
                break timeout(patience, result).await.context("the goal has not ended")??;
            }
        }
    };
    told.end(&result)
}

/// What has been printed.
#[derive(Default)]
struct Told {
    stage: String,
    ids: HashSet<String>,
}

impl Told {
    /// A line for each stage, and for each region that has got its words.
    fn show(&mut self, progress: &DescribeEverything::Feedback) {
        if progress.stage != self.stage {
            println!("{} ({})", progress.stage, progress.total);
            self.stage.clone_from(&progress.stage);
        }
        if !progress.caption.is_empty() && self.ids.insert(progress.id.clone()) {
            println!("  {:>6}  {}  ({} of {})", progress.id, progress.caption, progress.done, progress.total);
        }
    }

    /// What came of it; an error for a goal that was not done to the end.
    fn end(&self, result: &DescribeEverything::Result) -> anyhow::Result<()> {
        println!("{} regions", result.count);
        for (id, caption) in result.ids.iter().zip(&result.captions).filter(|(id, _)| !self.ids.contains(*id)) {
            println!("  {id:>6}  {}", if caption.is_empty() { "(no words)" } else { caption });
        }
        if !result.success {
            bail!("ended early, code {}: {}", result.code, result.message);
        }
        Ok(())
    }
}
