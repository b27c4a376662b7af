//! Waits until the camera shows what the words say, and prints where it is.
//!
//! ```text
//! cargo run --release --example wait_for -- red mug
//! ```

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Parser;
use r2r::QosProfile;
use r2r::segcap::msg::{Prompt, PromptArray, Region, RegionArray};
use r2r::segcap::srv::QueryRegions;
use tokio::time::{sleep, timeout};

const ASK_EVERY: Duration = Duration::from_millis(200);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// Seconds between looks at everything; 0: only what others ask the node about.
    #[arg(long, default_value_t = 5.0)]
    look_every: f32,
    /// Seconds to wait for the node.
    #[arg(long, default_value_t = 10.0)]
    patience: f32,
}

struct Asker {
    memory: r2r::Client<QueryRegions::Service>,
    prompts: r2r::Publisher<PromptArray>,
    question: QueryRegions::Request,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let text = args.words.join(" ");
    let mut node = r2r::Node::create(r2r::Context::create()?, "wait_for", "")?;
    let service = format!("{}/query_regions", args.node);
    let memory = node.create_client::<QueryRegions::Service>(&service, QosProfile::services_default())?;
    let topic = [args.node.as_str(), &args.camera, "prompts"].into_iter().filter(|part| !part.is_empty());
    let prompts = node.create_publisher(&topic.collect::<Vec<_>>().join("/"), QosProfile::default())?;
    spinning(node, show(args, text, memory, prompts)).await
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
    prompts: r2r::Publisher<PromptArray>,
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
    let question = QueryRegions::Request { text: text.clone(), camera, max_age: 5.0, limit: 1, ..Default::default() };
    let (region, relevance, array) = Asker { memory, prompts, question }.wait(&args).await?;
    println!("There: {}, {:?} ({relevance:.2}), at {}", region.id, region.caption, place(&region, &array));
    Ok(())
}

impl Asker {
    /// Asks until it is there; an error when it does not come.
    async fn wait(&self, args: &Args) -> anyhow::Result<(Region, f32, RegionArray)> {
        let (begun, mut looked, mut best): (_, Option<Instant>, Option<(String, f32)>) = (Instant::now(), None, None);
        while begun.elapsed().as_secs_f32() < args.timeout {
            if let Some(found) = self.ask().await? {
                if found.1 >= args.min_score {
                    return Ok(found);
                }
                if best.as_ref().is_none_or(|(_, score)| found.1 > *score) {
                    println!("  not yet; the most alike so far: {:?} ({:.2})", found.0.caption, found.1);
                    best = Some((found.0.caption, found.1));
                }
            }
            let is_due = looked.is_none_or(|at| at.elapsed().as_secs_f32() >= args.look_every);
            if args.look_every > 0.0 && is_due && self.prompts.get_inter_process_subscription_count()? > 0 {
                // Everything in one image; its regions come into the node's memory.
                let everything = Prompt { type_: Prompt::EVERYTHING as u8, ..Default::default() };
                self.prompts.publish(&PromptArray { prompts: vec![everything], ..Default::default() })?;
                looked = Some(Instant::now());
            }
            sleep(ASK_EVERY).await;
        }
        let alike = best.map_or("nothing was like it".to_owned(), |(caption, score)| {
            format!("the most alike was {caption:?} ({score:.2})")
        });
        bail!("no {:?} in {} s; {alike}", self.question.text, args.timeout)
    }

    /// What is most like it.
    async fn ask(&self) -> anyhow::Result<Option<(Region, f32, RegionArray)>> {
        let answer = self.memory.request(&self.question)?;
        let answer = timeout(ANSWER_TIMEOUT, answer).await.context("the node has not answered")??;
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
