//! Into ROS: the node and the parameters that it was started with, before there is anything to run.

use std::panic::{self, AssertUnwindSafe};

use super::convert;
use super::interfaces;
use super::log::speak_as;
use super::names::Names;
use crate::core::settings::parameters::{ParameterError, Parameters, Value, declaration};

/// Given to every node by launch files; not segcap's own.
const FOREIGN_PARAMETERS: [&str; 2] = ["qos_overrides.", "start_type_description_service"];

/// Why the node could not start.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("ROS 2 could not be started with these arguments: {0}")]
    Arguments(String),
    #[error("the ROS 2 node could not be created ({0}); is ROS 2 sourced, and is HOME or ROS_LOG_DIR set?")]
    Node(r2r::Error),
    #[error("parameter {0}\ncorrect it in the parameter file or on the command line (--ros-args -p name:=value)")]
    Parameter(ParameterError),
}

/// A node that does not spin yet.
pub struct Session {
    pub(super) node: r2r::Node,
    pub(super) names: Names,
    pub(super) parameters: Parameters,
}

impl Session {
    /// Reads the process's command line (`--ros-args`), creates the node and checks its parameters.
    ///
    /// # Errors
    /// Arguments that rcl does not understand, or a parameter that is wrong.
    pub fn open() -> Result<Self, SessionError> {
        let context = create_context()?;
        let (node, names) = create_node(context).map_err(SessionError::Node)?;
        let parameters = read_parameters(&node)?;
        Ok(Self { node, names, parameters })
    }

    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The node's full name, such as `/robot/segcap`.
    pub fn full_name(&self) -> String {
        self.names.node()
    }
}

fn create_node(context: r2r::Context) -> r2r::Result<(r2r::Node, Names)> {
    let mut node = r2r::Node::create(context, interfaces::NODE, "")?;
    speak_as(&mut node)?;
    let names = Names::new(&node.name()?, &node.namespace()?, std::env::args());
    Ok((node, names))
}

/// r2r panics with rcl's message where the arguments are wrong.
fn create_context() -> Result<r2r::Context, SessionError> {
    let default_hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let created = panic::catch_unwind(AssertUnwindSafe(r2r::Context::create));
    panic::set_hook(default_hook);
    match created {
        Ok(context) => context.map_err(SessionError::Node),
        Err(payload) => {
            let reason = payload.downcast_ref::<String>().map_or("rcl_init failed", String::as_str);
            Err(SessionError::Arguments(reason.to_owned()))
        }
    }
}

fn read_parameters(node: &r2r::Node) -> Result<Parameters, SessionError> {
    let given = node.params.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut values: Vec<(&str, Value)> = Vec::new();
    for (name, parameter) in given.iter() {
        let declaration = match declaration(name) {
            Ok(declaration) => declaration,
            Err(unknown) => {
                if !FOREIGN_PARAMETERS.iter().any(|foreign| name.starts_with(foreign)) {
                    log::warn!("parameter {unknown}; ignored");
                }
                continue;
            }
        };
        let value =
            convert::from_override(&parameter.value).map_err(|got| declaration.wrong_type(&Default::default(), got));
        values.push((declaration.name, value.map_err(SessionError::Parameter)?));
    }
    Parameters::at_start(values).map_err(SessionError::Parameter)
}
