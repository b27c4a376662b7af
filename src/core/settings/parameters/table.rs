//! The parameters that there are. A default is that of the configuration's field.

use std::time::Duration;

use super::{Change, Declaration, Slot};
use crate::core::settings::configuration::{ImageTransport, Reliability};
use crate::core::settings::{CaptionMode, Proposals};

const PROVIDERS: &[&str] = &["auto", "tensorrt", "cuda", "cpu"];
const TRANSPORTS: &[&str] = &["raw", "compressed"];
const RELIABILITIES: &[&str] = &["best_effort", "reliable"];
const PROPOSALS: &[&str] = &["auto", "grid", "detector"];
const CAPTION_MODES: &[&str] = &["off", "on_request", "background"];

const MIB: usize = 1 << 20;

/// The nearest double as a person would write it: 0.7, not 0.699999988079071.
fn double(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

/// A number that [`Slot::Integer`] has found to be in its range, which starts at 0 or above.
fn whole<T: TryFrom<i64>>(value: i64) -> T {
    T::try_from(value).unwrap_or_else(|_| unreachable!("{value} is within the parameter's range"))
}

/// A field's number for ROS, whose integers are i64.
fn integer(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

/// A field of the configuration as a slot; `$field` is its path.
macro_rules! slot {
    (bool $($field:ident).+) => {
        Slot::Bool { get: |c| c.$($field).+, set: |c, value| c.$($field).+ = value }
    };
    (integer $min:literal..=$max:literal, $($field:ident).+) => {
        Slot::Integer {
            min: $min,
            max: $max,
            get: |c| integer(c.$($field).+),
            set: |c, value| c.$($field).+ = whole(value),
        }
    };
    (double $min:literal..=$max:literal, $($field:ident).+) => {
        Slot::Double {
            min: $min,
            max: $max,
            get: |c| double(c.$($field).+),
            set: |c, value| c.$($field).+ = value as f32,
        }
    };
}

use Change::{AtConfigure, AtStart, Live};

/// Every parameter, in the order in which they are listed.
pub static DECLARATIONS: &[Declaration] = &[
    Declaration {
        name: "autostart",
        description: "Configure and activate when the node starts; false: wait for `ros2 lifecycle set` or a manager.",
        change: AtStart,
        slot: slot!(bool autostart),
    },
    Declaration {
        name: "bundle",
        description: "Folder of the model bundle; empty: the built-in model.",
        change: AtConfigure,
        slot: Slot::Text { get: |c| c.model.bundle.clone(), set: |c, value| c.model.bundle = value },
    },
    Declaration {
        name: "provider",
        description: "What runs the model; auto: the first of tensorrt, cuda, cpu that works. On GPUs it was never run.",
        change: AtConfigure,
        slot: Slot::Choice {
            choices: PROVIDERS,
            get: |c| c.model.provider,
            set: |c, index| c.model.provider = PROVIDERS[index],
        },
    },
    Declaration {
        name: "device_id",
        description: "Which GPU, where there are several.",
        change: AtConfigure,
        slot: slot!(integer 0..=63, model.device_id),
    },
    Declaration {
        name: "threads",
        description: "CPU threads of a model's run; 0: one per physical core.",
        change: AtConfigure,
        slot: slot!(integer 0..=256, model.threads),
    },
    Declaration {
        name: "engine_cache_dir",
        description: "Folder in which TensorRT's engines are kept from start to start, apart by graph, ONNX Runtime and GPU; \
                      empty: built anew at each configure. Empty the folder after an upgrade of TensorRT.",
        change: AtConfigure,
        slot: Slot::Text {
            get: |c| c.model.engine_cache_dir.clone(),
            set: |c, value| c.model.engine_cache_dir = value,
        },
    },
    Declaration {
        name: "gpu_mem_limit_mb",
        description: "Most GPU memory of one graph's working area, MiB; 0: no bound.",
        change: AtConfigure,
        slot: slot!(integer 0..=1_048_576, model.gpu_mem_limit_mb),
    },
    Declaration {
        name: "cameras",
        description: "Names of the cameras: each is read from <name>/image and answered on ~/<name>/regions; [\"\"]: \
                      one camera without a name, image and ~/regions.",
        change: AtStart,
        slot: Slot::Names { get: |c| c.input.cameras.clone(), set: |c, value| c.input.cameras = value },
    },
    Declaration {
        name: "image_transport",
        description: "raw: sensor_msgs/Image on image; compressed: JPEG or PNG on image/compressed.",
        change: AtStart,
        slot: Slot::Choice {
            choices: TRANSPORTS,
            get: |c| match c.input.transport {
                ImageTransport::Raw => TRANSPORTS[0],
                ImageTransport::Compressed => TRANSPORTS[1],
            },
            set: |c, index| c.input.transport = [ImageTransport::Raw, ImageTransport::Compressed][index],
        },
    },
    Declaration {
        name: "image_reliability",
        description: "Quality of service of the image subscription; best_effort matches every camera.",
        change: AtStart,
        slot: Slot::Choice {
            choices: RELIABILITIES,
            get: |c| match c.input.reliability {
                Reliability::BestEffort => RELIABILITIES[0],
                Reliability::Reliable => RELIABILITIES[1],
            },
            set: |c, index| c.input.reliability = [Reliability::BestEffort, Reliability::Reliable][index],
        },
    },
    Declaration {
        name: "max_rate_hz",
        description: "Most frames processed per second; 0: as many as the model keeps up with.",
        change: Live,
        slot: slot!(double 0.0..=1000.0, settings.max_rate_hz),
    },
    Declaration {
        name: "embedding_cache_mb",
        description: "Memory for encoded frames, MiB: further prompts on a frame in it need no second encoding.",
        change: Live,
        slot: Slot::Integer {
            min: 0,
            max: 65536,
            get: |c| integer(c.settings.embedding_cache_bytes / MIB),
            set: |c, value| c.settings.embedding_cache_bytes = whole::<usize>(value) * MIB,
        },
    },
    Declaration {
        name: "everything.enabled",
        description: "Segment everything in every frame, without prompts.",
        change: Live,
        slot: slot!(bool settings.everything.enabled),
    },
    Declaration {
        name: "everything.proposals",
        description: "What segment-everything asks about; grid: points_per_side; detector: the boxes of the bundle's object \
                      detector; auto: these and a sparse grid where they leave something out, without a detector the grid.",
        change: Live,
        slot: Slot::Choice {
            choices: PROPOSALS,
            get: |c| match c.settings.everything.proposals {
                Proposals::Auto => PROPOSALS[0],
                Proposals::Grid => PROPOSALS[1],
                Proposals::Detector => PROPOSALS[2],
            },
            set: |c, index| {
                c.settings.everything.proposals = [Proposals::Auto, Proposals::Grid, Proposals::Detector][index];
            },
        },
    },
    Declaration {
        name: "everything.points_per_side",
        description: "Segment-everything asks a grid of so many points along each side of the image.",
        change: Live,
        slot: slot!(integer 1..=64, settings.everything.points_per_side),
    },
    Declaration {
        name: "everything.sparse_points_per_side",
        description: "Beside a detector's boxes (everything.proposals: auto) so many points along each side of the image are \
                      asked, where no region covers them yet.",
        change: Live,
        slot: slot!(integer 1..=64, settings.everything.sparse_points_per_side),
    },
    Declaration {
        name: "everything.pred_iou_thresh",
        description: "Segment-everything drops masks whose predicted IoU is below this.",
        change: Live,
        slot: slot!(double 0.0..=1.0, settings.everything.pred_iou_thresh),
    },
    Declaration {
        name: "everything.stability_thresh",
        description: "Segment-everything drops masks whose stability score is below this.",
        change: Live,
        slot: slot!(double 0.0..=1.0, settings.everything.stability_thresh),
    },
    Declaration {
        name: "everything.nms_thresh",
        description: "Segment-everything drops the worse of two masks whose boxes or pixels overlap by more than this IoU.",
        change: Live,
        slot: slot!(double 0.0..=1.0, settings.everything.nms_thresh),
    },
    Declaration {
        name: "everything.min_area",
        description: "Segment-everything drops masks with fewer pixels.",
        change: Live,
        slot: slot!(integer 0..=1_000_000_000, settings.everything.min_area),
    },
    Declaration {
        name: "everything.max_regions",
        description: "Segment-everything keeps at most so many regions, the best.",
        change: Live,
        slot: slot!(integer 1..=1024, settings.everything.max_regions),
    },
    Declaration {
        name: "caption.mode",
        description: "off: never; on_request: where a service call asks for words; background: every published region.",
        change: Live,
        slot: Slot::Choice {
            choices: CAPTION_MODES,
            get: |c| match c.settings.caption.mode {
                CaptionMode::Off => CAPTION_MODES[0],
                CaptionMode::OnRequest => CAPTION_MODES[1],
                CaptionMode::Background => CAPTION_MODES[2],
            },
            set: |c, index| {
                c.settings.caption.mode = [CaptionMode::Off, CaptionMode::OnRequest, CaptionMode::Background][index];
            },
        },
    },
    Declaration {
        name: "caption.max_tokens",
        description: "Longest caption, tokens; 0: what the bundle says.",
        change: Live,
        slot: slot!(integer 0..=512, settings.caption.max_tokens),
    },
    Declaration {
        name: "caption.beams",
        description: "Beams of the search for words; 1 is greedy. More find likelier words and take so much longer.",
        change: Live,
        slot: slot!(integer 1..=16, settings.caption.beams),
    },
    Declaration {
        name: "caption.batch",
        description: "Regions captioned in one batch.",
        change: Live,
        slot: slot!(integer 1..=256, settings.caption.batch),
    },
    Declaration {
        name: "caption.refresh_s",
        description: "Captions older than so many seconds are made anew; 0: only when the object changes.",
        change: Live,
        slot: slot!(double 0.0..=86400.0, settings.caption.refresh_secs),
    },
    Declaration {
        name: "caption.change_thresh",
        description: "An object's caption is made anew when its area or its looks have changed by more than this.",
        change: Live,
        slot: slot!(double 0.0..=1.0, settings.caption.change_thresh),
    },
    Declaration {
        name: "depth.tolerance_s",
        description: "The stamps of an image and of its depth may differ by so many seconds; without stamps the depth counts \
                      that came with the image, give or take a second.",
        change: Live,
        slot: slot!(double 0.0..=10.0, settings.space.tolerance_secs),
    },
    Declaration {
        name: "depth.rectified",
        description: "Images and depth come rectified (image_rect): camera_info's P counts; otherwise its K and distortion.",
        change: Live,
        slot: slot!(bool settings.space.is_rectified),
    },
    Declaration {
        name: "memory.ttl_s",
        description: "Seconds for which an object that is not seen keeps its id, and ~/query_regions remembers it.",
        change: Live,
        slot: Slot::Double {
            min: 0.1,
            max: 86400.0,
            get: |c| c.settings.memory.ttl_secs,
            set: |c, value| c.settings.memory.ttl_secs = value,
        },
    },
    Declaration {
        name: "memory.max_regions",
        description: "Most objects remembered, of all cameras; further ones displace those not seen for longest.",
        change: Live,
        slot: slot!(integer 1..=100_000, settings.memory.max_regions),
    },
    Declaration {
        name: "memory.assoc_iou",
        description: "Masks that overlap by this IoU where an object is expected belong to it, unless it looks different.",
        change: Live,
        slot: slot!(double 0.0..=1.0, settings.memory.assoc_iou),
    },
    Declaration {
        name: "limits.max_prompts",
        description: "Most prompts in one message or request.",
        change: Live,
        slot: slot!(integer 1..=4096, settings.limits.max_prompts),
    },
    Declaration {
        name: "limits.max_image_px",
        description: "Largest image, pixels (width times height).",
        change: Live,
        slot: slot!(integer 1..=1_000_000_000, settings.limits.max_image_px),
    },
    Declaration {
        name: "limits.max_pending",
        description: "Requests that may wait for the model; further ones are answered OVERLOADED.",
        change: Live,
        slot: slot!(integer 1..=4096, settings.limits.max_pending),
    },
    Declaration {
        name: "limits.max_pending_mb",
        description: "Memory of the pictures and masks that wait with requests, with prompt messages, and for captions, MiB \
                      each; further ones are answered OVERLOADED.",
        change: Live,
        slot: Slot::Integer {
            min: 1,
            max: 65536,
            get: |c| integer(c.settings.limits.max_pending_bytes / MIB),
            set: |c, value| c.settings.limits.max_pending_bytes = whole::<usize>(value) * MIB,
        },
    },
    Declaration {
        name: "limits.max_timeout_s",
        description: "Seconds after which any request is answered TIMEOUT, also where it names a longer timeout.",
        change: Live,
        slot: Slot::Double {
            min: 0.01,
            max: 3600.0,
            get: |c| c.settings.limits.max_timeout.as_secs_f64(),
            set: |c, value| c.settings.limits.max_timeout = Duration::from_secs_f64(value),
        },
    },
    Declaration {
        name: "limits.request_timeout_s",
        description: "Seconds after which a request that names no timeout is answered TIMEOUT.",
        change: Live,
        slot: Slot::Double {
            min: 0.01,
            max: 3600.0,
            get: |c| c.settings.limits.request_timeout.as_secs_f64(),
            set: |c, value| c.settings.limits.request_timeout = Duration::from_secs_f64(value),
        },
    },
    Declaration {
        name: "overlay.enabled",
        description: "Draw ~/overlay and ~/overlay/compressed while somebody listens.",
        change: Live,
        slot: slot!(bool overlay.enabled),
    },
    Declaration {
        name: "overlay.max_rate_hz",
        description: "Most overlays per second and camera.",
        change: Live,
        slot: slot!(double 0.1..=240.0, overlay.max_rate_hz),
    },
    Declaration {
        name: "overlay.alpha",
        description: "Opacity of a mask's tint, 0 to 1.",
        change: Live,
        slot: slot!(double 0.0..=1.0, overlay.alpha),
    },
    Declaration {
        name: "use_sim_time",
        description: "Take the time from /clock.",
        change: AtStart,
        slot: slot!(bool use_sim_time),
    },
];
