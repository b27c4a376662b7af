//! Everything that a user sets, with its defaults: the pipeline's settings and what only a whole node has.

use super::Settings;

/// Which message brings the camera's picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageTransport {
    /// sensor_msgs/Image on `image`.
    #[default]
    Raw,
    /// sensor_msgs/CompressedImage on `image/compressed`.
    Compressed,
}

/// The quality of service asked of the cameras.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reliability {
    /// Matches every camera; a lost picture stays lost.
    #[default]
    BestEffort,
    /// Matches only cameras that publish reliably.
    Reliable,
}

/// Which model runs, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelOptions {
    /// The bundle's folder; "" = the built-in one.
    pub bundle: String,
    /// "auto", "tensorrt", "cuda" or "cpu".
    pub provider: &'static str,
    /// Which GPU.
    pub device_id: i32,
    /// CPU threads of one graph's run; 0 = one per physical core.
    pub threads: usize,
    /// Where TensorRT's engines are kept; "" = nowhere.
    pub engine_cache_dir: String,
    /// Bound on GPU memory of one graph's working area, MiB; 0 = none.
    pub gpu_mem_limit_mb: usize,
}

impl Default for ModelOptions {
    fn default() -> Self {
        Self {
            bundle: String::new(),
            provider: "auto",
            device_id: 0,
            threads: 0,
            engine_cache_dir: String::new(),
            gpu_mem_limit_mb: 0,
        }
    }
}

/// Where pictures come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputOptions {
    /// Empty: one camera without a name.
    pub cameras: Vec<String>,
    pub transport: ImageTransport,
    pub reliability: Reliability,
}

/// The picture with tinted masks and words.
#[derive(Clone, Debug, PartialEq)]
pub struct OverlayOptions {
    pub enabled: bool,
    /// Most overlays per second and camera.
    pub max_rate_hz: f32,
    /// Opacity of a mask's tint, 0 to 1.
    pub alpha: f32,
}

impl Default for OverlayOptions {
    fn default() -> Self {
        Self { enabled: true, max_rate_hz: 10.0, alpha: 0.4 }
    }
}

/// A node's configuration. Its fields are set by name through [`super::parameters::Parameters`].
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// Configure and activate without being asked.
    pub autostart: bool,
    pub model: ModelOptions,
    pub input: InputOptions,
    pub settings: Settings,
    pub overlay: OverlayOptions,
    /// Time comes from the topic /clock.
    pub use_sim_time: bool,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            autostart: true,
            model: ModelOptions::default(),
            input: InputOptions::default(),
            settings: Settings::default(),
            overlay: OverlayOptions::default(),
            use_sim_time: false,
        }
    }
}
