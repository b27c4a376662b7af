//! What is at this pixel? From the node's memory, in milliseconds; if nothing is known there, from the newest image.
//!
//! ```text
//! cargo run --release --example what_is_here -- 320 240
//! ```

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Parser;
use r2r::QosProfile;
use r2r::geometry_msgs::msg::Point32;
use r2r::segcap::msg::{Prompt, Region, RegionArray};
use r2r::segcap::srv::{QueryRegions, Segment};
use tokio::time::timeout;

/// Deep: ROS 2 hands a service's answers to all of its clients, and those to others must not push out ours.
const QUEUE: usize = 100;

/// What is at this pixel? From the node's memory; if nothing is known there, from the newest image.
#[derive(Parser)]
struct Args {
    /// Column, pixels from the left.
    x: f32,
    /// Row, pixels from the top.
    y: f32,
    /// Its name, where the node has several.
    #[arg(long, default_value = "")]
    camera: String,
    /// Seconds from the picture to now; what was seen longer ago does not count.
    #[arg(long, default_value_t = 2.0)]
    max_age: f32,
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
    let mut node = r2r::Node::create(r2r::Context::create()?, "what_is_here", "")?;
    let qos = || QosProfile::services_default().keep_last(QUEUE);
    let memory = node.create_client::<QueryRegions::Service>(&format!("{}/query_regions", args.node), qos())?;
    let look = node.create_client::<Segment::Service>(&format!("{}/segment", args.node), qos())?;
    spinning(node, show(args, memory, look)).await
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
    memory: r2r::Client<QueryRegions::Service>,
    look: r2r::Client<Segment::Service>,
) -> anyhow::Result<()> {
    let there = [r2r::Node::is_available(&memory)?, r2r::Node::is_available(&look)?];
    for service in there {
        node_is_there(service, &args).await?;
    }

    let patience = Duration::from_secs_f32(args.patience);
    let pixel = Point32 { x: args.x, y: args.y, z: 0.0 };
    let begun = Instant::now();
    let question = QueryRegions::Request {
        use_point: true,
        point: pixel.clone(),
        camera: args.camera.clone(),
        max_age: args.max_age,
        ..Default::default()
    };
    let answer = timeout(patience, memory.request(&question)?).await.context("no answer from memory")??;
    let known = good(answer.code, &answer.message, answer.regions)?;
    if !known.regions.is_empty() {
        let took = begun.elapsed().as_secs_f64() * 1e3;
        println!("At ({}, {}), from memory, {took:.1} ms, the smallest first:", args.x, args.y);
        known.regions.iter().for_each(|region| describe(region, &known));
        return Ok(());
    }

    println!("Nothing is remembered at ({}, {}); looking at the newest image ...", args.x, args.y);
    let begun = Instant::now();
    let click = Prompt { type_: Prompt::POINTS as u8, points: vec![pixel], ..Default::default() };
    let request = Segment::Request { camera: args.camera, prompts: vec![click], caption: true, ..Default::default() };
    let answer = timeout(patience, look.request(&request)?).await.context("no answer from the model")??;
    let seen = good(answer.code, &answer.message, answer.regions)?;
    println!("At ({}, {}), by the model, {} ms:", args.x, args.y, begun.elapsed().as_millis());
    seen.regions.iter().for_each(|region| describe(region, &seen));
    Ok(())
}

async fn node_is_there(service: impl Future<Output = r2r::Result<()>>, args: &Args) -> anyhow::Result<()> {
    let patience = Duration::from_secs_f32(args.patience);
    let found = timeout(patience, service).await;
    let found = found.ok().with_context(|| {
        format!("there is no {}: is segcap_node running, on this ROS_DOMAIN_ID? (waited {patience:?})", args.node)
    });
    Ok(found??)
}

fn good(code: u8, message: &str, regions: RegionArray) -> anyhow::Result<RegionArray> {
    if code != 0 {
        bail!("the node answered code {code}: {message}");
    }
    Ok(regions)
}

/// The header is that of the newest picture that the node has answered.
fn describe(region: &Region, array: &RegionArray) {
    let (newest, seen, rect) = (&array.header.stamp, &region.last_seen, &region.bbox);
    let before_secs = f64::from(newest.sec - seen.sec) + (f64::from(newest.nanosec) - f64::from(seen.nanosec)) * 1e-9;
    let when = if before_secs > 0.0 {
        format!("{before_secs:.1} s before the newest picture")
    } else {
        "in the newest picture".to_owned()
    };
    let words = if region.caption.is_empty() { "(no words yet)" } else { &region.caption };
    print!(
        "  {:>5}  {words}: box {},{} {}x{}, seen {when}",
        region.id, rect.x_offset, rect.y_offset, rect.width, rect.height,
    );
    if region.has_position {
        let at = &region.position;
        print!(", at ({:.2}, {:.2}, {:.2}) m in {}", at.x, at.y, at.z, array.header.frame_id);
    }
    println!();
}
