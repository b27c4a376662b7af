//! `segcap_node`: the ROS 2 node. Parses, wires, runs; nothing else.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use segcap::core::settings::configuration::{Configuration, ModelOptions};
use segcap::core::settings::parameters::{Change, DECLARATIONS};
use segcap::onnx::provider::SessionOptions;
use segcap::onnx::{self, LoadOptions, bundle_dir};
use segcap::ros::node::Node;
use segcap::ros::session::Session;
use segcap::ros::{log as ros_log, shutdown};
use segcap::runtime::{LoadedModel, Managed, Runtime};
use tokio_util::sync::CancellationToken;

/// A ROS 2 node that tells a robot what is where in its camera image, in words: it subscribes to a camera and to prompts
/// (points, boxes, masks, or "everything") and publishes masks with captions.
#[derive(Parser)]
#[command(version, after_help = "Parameters, topics and examples: segcap_node --help")]
struct Args {}

fn main() -> ExitCode {
    // SAFETY: no thread of this program runs yet. Those that LTTng starts when a traced ROS 2 is loaded have read the
    // environment by now.
    unsafe { segcap::onnx::library::disable_telemetry() };
    let command = Args::command().after_long_help(manual());
    let Args {} = Args::from_arg_matches(&command.get_matches_from(without_ros_args(std::env::args())))
        .unwrap_or_else(|error| error.exit());
    ros_log::init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the threads for waiting could not be started")?
        .block_on(serve())
}

async fn serve() -> anyhow::Result<()> {
    let stop = shutdown::on_signals().context("signal handlers")?;
    let session = Session::open()?;
    log::info!("segcap {} as {} on ROS 2 {}", env!("CARGO_PKG_VERSION"), session.full_name(), r2r::ROS_DISTRO);
    let (runtime, handle, outputs) = Runtime::idle(session.parameters().configuration().settings.clone());
    let load = |configuration: &Configuration| load(&configuration.model).map_err(|error| format!("{error:#}"));
    let managed = Arc::new(Managed::new(runtime, handle, Box::new(load)));
    let lost = CancellationToken::new();
    let node = Node::start(session, managed, outputs, lost.clone())?;

    tokio::select! {
        () = stop.cancelled() => {}
        () = lost.cancelled() => log::error!("the node has died; ending"),
    }
    if !node.shutdown().await? {
        log::warn!("the model is still at work; ending without it");
        shutdown::end_at_once(0);
    }
    Ok(())
}

/// The bundle that the parameters name.
fn load(options: &ModelOptions) -> anyhow::Result<LoadedModel> {
    let given = (!options.bundle.is_empty()).then(|| Path::new(&options.bundle));
    let folder = bundle_dir::find(given).context("parameter bundle")?;
    let session = SessionOptions {
        provider: options.provider.parse()?,
        device_id: options.device_id,
        threads: options.threads,
        engine_cache_dir: (!options.engine_cache_dir.is_empty()).then(|| options.engine_cache_dir.clone().into()),
        gpu_mem_limit_bytes: (options.gpu_mem_limit_mb > 0).then_some(options.gpu_mem_limit_mb << 20),
    };
    log::info!("loading the bundle {}", folder.display());
    let bundle = onnx::load(&folder, &LoadOptions { session, library: None }).context("parameter bundle")?;
    let captions = if bundle.model.caption.is_some() { "segments and captions" } else { "segments, does not caption" };
    log::info!("model {}: {captions}", bundle.model.name);
    Ok(LoadedModel { report: bundle.told(&folder), model: bundle.model })
}

/// The command line without what is for ROS: `--ros-args ... [--]`.
fn without_ros_args(args: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut for_ros = false;
    let own = |arg: &String| {
        let was_for_ros = for_ros;
        match arg.as_str() {
            "--ros-args" => for_ros = true,
            "--" => for_ros = false,
            _ => {}
        }
        !was_for_ros && !for_ros
    };
    args.into_iter().filter(own).collect()
}

const EXAMPLES: &str = "\
Examples:
  segcap_node --ros-args -r image:=/camera/image_raw
  segcap_node --ros-args -r image/compressed:=/camera/image_raw/compressed -p image_transport:=compressed
  segcap_node --ros-args --params-file segcap.param.yaml -r __ns:=/robot
  ros2 topic pub --once /segcap/prompt_point geometry_msgs/msg/PointStamped '{point: {x: 345, y: 240}}'
  ros2 topic echo /segcap/regions --filter 'any(print(r.id, r.caption) for r in m.regions)'
  ros2 service call /segcap/query_regions segcap/srv/QueryRegions '{text: something to drink from, limit: 3}'
  ros2 param set /segcap everything.enabled true
  ros2 action send_goal --feedback /segcap/describe_everything segcap/action/DescribeEverything '{caption: true}'

Topics in:   image, image/compressed; depth; camera_info (beside the image: /camera/camera_info for /camera/image_raw);
             ~/prompts, ~/prompt_point, ~/overlay_mouse_left (clicks of rqt_image_view)
Topics out:  ~/regions, ~/label_map, ~/overlay, ~/overlay/compressed, ~/markers; ~/transition_event; /diagnostics
Services:    ~/segment (an image or the newest frame, and prompts; answers with regions)
             ~/query_regions (what was seen, by words, pixel, box, id, age, distance; from memory)
Action:      ~/describe_everything (everything in the newest frame, in words, with progress)
Managed:     ros2 lifecycle set /segcap deactivate|cleanup|configure|activate|shutdown (-p autostart:=false: waits)
";

/// What `--help` says beyond the options, of which there are none: a ROS node is told by ROS arguments.
fn manual() -> String {
    let mut text = format!("{EXAMPLES}\nParameters (-p name:=value), with their defaults:\n");
    let defaults = Configuration::default();
    for declaration in DECLARATIONS {
        let change = match declaration.change {
            Change::Live => "",
            Change::AtConfigure => " (settable while unconfigured)",
            Change::AtStart => " (read-only while running)",
        };
        let constraint = declaration.constraint();
        let constraint = if constraint.is_empty() { constraint } else { format!(" [{constraint}]") };
        // Writing into a String does not fail.
        let _ = writeln!(
            text,
            "  {} = {}{change}\n      {}{constraint}",
            declaration.name,
            declaration.value(&defaults),
            declaration.description
        );
    }
    text
}
