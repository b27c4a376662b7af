//! Waits until the camera shows what the words say, and prints where it is.
//!
//! ```text
//! cargo run --release --example wait_for -- red mug
//! ```

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Parser;
use futures::StreamExt as _;
use r2r::QosProfile;
use r2r::segcap::action::DescribeEverything;
use r2r::segcap::msg::{Region, RegionArray};
use r2r::segcap::srv::QueryRegions;
use tokio::time::{sleep, timeout};

const ASK_EVERY: Duration = Duration::from_millis(200);
/// Deep: ROS 2 hands a service's answers to all of its clients, and those to others must not push out ours.
const QUEUE: usize = 100;
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);
/// What was seen so shortly before the start counts, too; seconds.
const BEFORE_SECS: f32 = 5.0;

/// Waits until the camera shows what the words say, and prints where it is.
#[derive(Parser)]
struct Args {
    /// What is waited for.
    #[arg(default_values_t = ["red".to_owned(), "mug".to_owned()])]
    words: Vec<String>,
    /// Relevance from which on it counts, 0 to 1.
    #[arg(long, default_value_t = 0.7)]
    min_score: f32,
    /// Seconds.
    #[arg(long, default_value_t = 60.0)]
    timeout: f32,
    /// Its name, where the node has several.
    #[arg(long, default_value = "")]
    camera: String,
    /// The node's full name.
    #[arg(long, default_value = "/segcap")]
    node: String,
    /// Seconds from the end of one look at everything to the next; 0: only what others ask the node about.
    #[arg(long, default_value_t = 5.0)]
    look_every: f32,
    /// Seconds to wait for the node, and for each of its answers.
    #[arg(long, default_value_t = 10.0)]
    patience: f32,
}

struct Asker {
    memory: r2r::Client<QueryRegions::Service>,
    question: QueryRegions::Request,
}

/// Looks at everything, one after the other: what they find comes into the node's memory. However slow the model is, the
/// next one begins only when the last one has ended.
struct Looks {
    client: r2r::ActionClient<DescribeEverything::Action>,
    camera: String,
    every: Duration,
    ends: Instant,
    goal: RefCell<Option<r2r::ActionClientGoal<DescribeEverything::Action>>>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let text = args.words.join(" ");
    let mut node = r2r::Node::create(r2r::Context::create()?, "wait_for", "")?;
    let service = format!("{}/query_regions", args.node);
    let memory =
        node.create_client::<QueryRegions::Service>(&service, QosProfile::services_default().keep_last(QUEUE))?;
    let action = format!("{}/describe_everything", args.node);
    let looks = Looks {
        client: node.create_action_client::<DescribeEverything::Action>(&action)?,
        camera: args.camera.clone(),
        every: Duration::from_secs_f32(args.look_every),
        ends: Instant::now() + Duration::from_secs_f32(args.timeout),
        goal: RefCell::new(None),
    };
    spinning(node, show(args, text, memory, looks)).await
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

async fn show(
    args: Args,
    text: String,
    memory: r2r::Client<QueryRegions::Service>,
    looks: Looks,
) -> anyhow::Result<()> {
    let there = r2r::Node::is_available(&memory)?;
    let patience = Duration::from_secs_f32(args.patience);
    timeout(patience, there).await.ok().with_context(|| {
        format!(
            "there is no {}/query_regions: is segcap_node running, on this ROS_DOMAIN_ID? (waited {patience:?})",
            args.node
        )
    })??;

    println!("Waiting for {text:?} ...");
    let camera = args.camera.clone();
    let question = QueryRegions::Request { text: text.clone(), camera, limit: 1, ..Default::default() };
    let mut asker = Asker { memory, question };
    let (region, relevance, array) = tokio::select! {
        found = asker.wait(&args) => found?,
        trouble = looks.go_on() => match trouble? {},
    };
    println!("There: {}, {:?} ({relevance:.2}), at {}", region.id, region.caption, place(&region, &array));
    looks.stop().await
}

impl Looks {
    /// Never ends by itself.
    async fn go_on(&self) -> anyhow::Result<Infallible> {
        let mut last_trouble = String::new();
        if self.every.is_zero() {
            std::future::pending::<()>().await;
        }
        r2r::Node::is_available(&self.client)?.await?;
        loop {
            let trouble = self.look().await?;
            if !trouble.is_empty() && trouble != last_trouble {
                println!("  a look ended early: {trouble}");
            }
            last_trouble = trouble;
            sleep(self.every).await;
        }
    }

    /// One look to its end; why it ended early, where it did.
    async fn look(&self) -> anyhow::Result<String> {
        // With a time limit the goal ends, too, if this program is killed.
        let time_limit = self.ends.saturating_duration_since(Instant::now()).as_secs_f32().max(0.1);
        let camera = self.camera.clone();
        let goal = DescribeEverything::Goal { camera, caption: true, time_limit, ..Default::default() };
        let Ok((goal, result, feedback)) = self.client.send_goal_request(goal)?.await else {
            return Ok("the node rejected it; its log says why".to_owned());
        };
        *self.goal.borrow_mut() = Some(goal);
        // Progress is of no interest here, but taken, so that it does not pile up.
        let taken = feedback.for_each(|_| std::future::ready(()));
        let (_status, result) = tokio::select! {
            ended = result => ended?,
            () = taken => bail!("the node's feedback has ended"),
        };
        *self.goal.borrow_mut() = None;
        Ok(result.message)
    }

    /// Leaves no goal behind.
    async fn stop(&self) -> anyhow::Result<()> {
        let goal = self.goal.borrow_mut().take();
        if let Some(goal) = goal {
            // It may have ended in this moment.
            let _ = timeout(CANCEL_TIMEOUT, goal.cancel()?).await;
        }
        Ok(())
    }
}

impl Asker {
    /// Asks until it is there; an error when it does not come.
    async fn wait(&mut self, args: &Args) -> anyhow::Result<(Region, f32, RegionArray)> {
        let (begun, mut best): (_, Option<(String, f32)>) = (Instant::now(), None);
        while begun.elapsed().as_secs_f32() < args.timeout {
            // An age counts from when the picture was taken until now: a slow look is no reason to miss what it has found.
            self.question.max_age = BEFORE_SECS + begun.elapsed().as_secs_f32();
            if let Some(found) = self.ask(Duration::from_secs_f32(args.patience)).await? {
                if found.1 >= args.min_score {
                    return Ok(found);
                }
                if best.as_ref().is_none_or(|(_, score)| found.1 > *score) {
                    println!("  not yet; the most alike so far: {:?} ({:.2})", found.0.caption, found.1);
                    best = Some((found.0.caption, found.1));
                }
            }
            sleep(ASK_EVERY).await;
        }
        let alike = best.map_or("nothing was like it".to_owned(), |(caption, score)| {
            format!("the most alike was {caption:?} ({score:.2})")
        });
        bail!("no {:?} in {} s; {alike}", self.question.text, args.timeout)
    }

    /// What is most like it.
    async fn ask(&self, patience: Duration) -> anyhow::Result<Option<(Region, f32, RegionArray)>> {
        let answer = self.memory.request(&self.question)?;
        let answer = timeout(patience, answer).await.context("the node has not answered")??;
        if !answer.success {
            bail!("the node answered code {}: {}", answer.code, answer.message);
        }
        let first = answer.regions.regions.first().cloned().zip(answer.relevance.first().copied());
        Ok(first.map(|(region, relevance)| (region, relevance, answer.regions)))
    }
}

/// In space if the node has depth, otherwise in the picture.
fn place(region: &Region, array: &RegionArray) -> String {
    let rect = &region.bbox;
    let (x, y) = (rect.x_offset + rect.width / 2, rect.y_offset + rect.height / 2);
    let pixel = format!("pixel ({x}, {y}) of {}x{}", array.width, array.height);
    if !region.has_position {
        return pixel;
    }
    let at = &region.position;
    format!("({:.2}, {:.2}, {:.2}) m in frame {:?}, {pixel}", at.x, at.y, at.z, array.header.frame_id)
}
