//! The six parameter services that every ROS 2 node has, and /parameter_events. r2r's own know neither ranges nor
//! read-only parameters, and set the first half of an atomic change when the second half fails.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use r2r::Publisher;
use r2r::rcl_interfaces::msg::{
    ListParametersResult, Parameter, ParameterDescriptor, ParameterEvent, ParameterType, ParameterValue,
    SetParametersResult,
};
use r2r::rcl_interfaces::srv::{
    DescribeParameters, GetParameterTypes, GetParameters, ListParameters, SetParameters, SetParametersAtomically,
};
use tokio::sync::watch;

use super::{Serving, serve};
use crate::core::settings::configuration::Configuration;
use crate::core::settings::parameters::{DECLARATIONS, ParameterError, Parameters, declaration};
use crate::ros::{convert, interfaces};
use crate::runtime::Managed;

/// The parameters and whoever hears of their changes.
pub struct Server {
    /// The node's full name.
    node: String,
    parameters: Mutex<Parameters>,
    /// Whose state says what can be set.
    managed: Arc<Managed>,
    changed: watch::Sender<Arc<Configuration>>,
    events: Mutex<Publisher<ParameterEvent>>,
}

/// The server, what it makes of its parameters, and its services.
pub type Served = (Arc<Server>, watch::Receiver<Arc<Configuration>>, Vec<Serving>);

/// Serves `parameters`; every accepted change is seen through the receiver. The server can be asked for them at any time.
///
/// # Errors
/// When rcl cannot create a service.
pub fn serve_parameters(
    node: &mut r2r::Node,
    full_name: String,
    parameters: Parameters,
    managed: Arc<Managed>,
) -> r2r::Result<Served> {
    let (changed, changes) = watch::channel(Arc::new(parameters.configuration().clone()));
    let events = node.create_publisher(interfaces::PARAMETER_EVENTS, interfaces::parameter_events_qos())?;
    let server =
        Server { node: full_name, parameters: Mutex::new(parameters), managed, changed, events: Mutex::new(events) };
    let server = Arc::new(server);
    let all = DECLARATIONS.iter().map(|declaration| declaration.name).collect();
    server.tell(server.current(&all), Vec::new());
    let serving = services(node, &server)?;
    Ok((server, changes, serving))
}

fn services(node: &mut r2r::Node, server: &Arc<Server>) -> r2r::Result<Vec<Serving>> {
    let qos = interfaces::parameter_service_qos;
    let each = || Arc::clone(server);
    let (set, set_all, get, types) = (each(), each(), each(), each());
    Ok(vec![
        serve::<SetParameters::Service>(node, interfaces::SET_PARAMETERS, qos(), move |request, pending| {
            let results = request.parameters.iter().map(|one| set.set(std::slice::from_ref(one))).collect();
            pending.respond(SetParameters::Response { results });
        })?,
        serve::<SetParametersAtomically::Service>(
            node,
            interfaces::SET_PARAMETERS_ATOMICALLY,
            qos(),
            move |request, pending| {
                let result = set_all.set(&request.parameters);
                pending.respond(SetParametersAtomically::Response { result });
            },
        )?,
        serve::<GetParameters::Service>(node, interfaces::GET_PARAMETERS, qos(), move |request, pending| {
            let values = request.names.iter().map(|name| get.value(name)).collect();
            pending.respond(GetParameters::Response { values });
        })?,
        serve::<GetParameterTypes::Service>(node, interfaces::GET_PARAMETER_TYPES, qos(), move |request, pending| {
            let types = request.names.iter().map(|name| types.value(name).type_).collect();
            pending.respond(GetParameterTypes::Response { types });
        })?,
        serve::<ListParameters::Service>(node, interfaces::LIST_PARAMETERS, qos(), |request, pending| {
            let result = list(&request.prefixes, request.depth);
            pending.respond(ListParameters::Response { result });
        })?,
        serve::<DescribeParameters::Service>(node, interfaces::DESCRIBE_PARAMETERS, qos(), |request, pending| {
            let descriptors = request.names.iter().map(|name| describe(name)).collect();
            pending.respond(DescribeParameters::Response { descriptors });
        })?,
    ])
}

impl Server {
    /// As it is now: what a set that was accepted before this call has set is in it.
    pub fn configuration(&self) -> Arc<Configuration> {
        Arc::new(self.parameters().configuration().clone())
    }

    /// The node's full name.
    pub fn node(&self) -> &str {
        &self.node
    }

    fn parameters(&self) -> MutexGuard<'_, Parameters> {
        // A set replaces the configuration as a whole: a poisoned one is still whole.
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets all of them or none.
    fn set(&self, wanted: &[Parameter]) -> SetParametersResult {
        match self.try_set(wanted) {
            Ok(()) => SetParametersResult { successful: true, reason: String::new() },
            Err(error) => {
                log::warn!("parameter {error}");
                SetParametersResult { successful: false, reason: error.to_string().replace('\0', "") }
            }
        }
    }

    fn try_set(&self, wanted: &[Parameter]) -> Result<(), ParameterError> {
        let changes = wanted.iter().map(convert::declared).collect::<Result<Vec<_>, _>>()?;
        let names = changes.iter().map(|(name, _)| *name).collect();
        let configuration = {
            let mut parameters = self.parameters();
            // Under the lock that `configuration` takes: a configure that begins meanwhile sees all of this set.
            parameters.set(changes, self.managed.state())?;
            Arc::new(parameters.configuration().clone())
        };
        self.changed.send_replace(configuration);
        let changed = self.current(&names);
        for parameter in &changed {
            log::info!("parameter {} is now {}", parameter.name, self.text(&parameter.name));
        }
        self.tell(Vec::new(), changed);
        Ok(())
    }

    fn value(&self, name: &str) -> ParameterValue {
        // Unknown ones are "not set", as rclpy and rclcpp answer.
        let value = declaration(name).map(|declaration| declaration.value(self.parameters().configuration()));
        value.map_or_else(|_| ParameterValue::default(), convert::parameter_message)
    }

    fn text(&self, name: &str) -> String {
        declaration(name).map_or_else(|_| String::new(), |d| d.value(self.parameters().configuration()).to_string())
    }

    fn current(&self, names: &BTreeSet<&'static str>) -> Vec<Parameter> {
        names.iter().map(|&name| Parameter { name: name.into(), value: self.value(name) }).collect()
    }

    fn tell(&self, new: Vec<Parameter>, changed: Vec<Parameter>) {
        let event = convert::parameter_event(&self.node, new, changed);
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = events.publish(&event) {
            log::debug!("a parameter event could not be published: {error}");
        }
    }
}

/// As rcl_interfaces/srv/ListParameters says: below `prefixes` (empty: everywhere), at most `depth` levels (0: all).
fn list(prefixes: &[String], depth: u64) -> ListParametersResult {
    let shallow = |below: &str| depth == 0 || (below.matches('.').count() as u64) < depth;
    let wanted = |name: &str| {
        let under = |prefix: &String| match name.strip_prefix(prefix.as_str()) {
            Some("") => true,
            Some(rest) => rest.strip_prefix('.').is_some_and(shallow),
            None => false,
        };
        if prefixes.is_empty() { shallow(name) } else { prefixes.iter().any(under) }
    };
    let names: Vec<&str> =
        DECLARATIONS.iter().map(|declaration| declaration.name).filter(|name| wanted(name)).collect();
    let prefixes: BTreeSet<&str> = names.iter().filter_map(|name| Some(name.rsplit_once('.')?.0)).collect();
    let owned = |text: &str| text.to_owned();
    ListParametersResult {
        names: names.into_iter().map(owned).collect(),
        prefixes: prefixes.into_iter().map(owned).collect(),
    }
}

fn describe(name: &str) -> ParameterDescriptor {
    declaration(name).map_or_else(
        |_| ParameterDescriptor {
            name: name.replace('\0', ""),
            type_: ParameterType::PARAMETER_NOT_SET as u8,
            ..ParameterDescriptor::default()
        },
        convert::parameter_descriptor,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(prefixes: &[&str], depth: u64) -> Vec<String> {
        list(&prefixes.iter().map(|&prefix| prefix.to_owned()).collect::<Vec<_>>(), depth).names
    }

    #[test]
    fn lists_everything_without_prefix_and_depth() {
        assert_eq!(names(&[], 0).len(), DECLARATIONS.len());
    }

    #[test]
    fn lists_below_a_prefix() {
        assert_eq!(names(&["overlay"], 0), ["overlay.enabled", "overlay.max_rate_hz", "overlay.alpha"]);
        assert_eq!(names(&["overlay.alpha"], 1), ["overlay.alpha"]);
        assert_eq!(names(&["over"], 0), [""; 0]);
        assert_eq!(list(&["overlay".into()], 0).prefixes, ["overlay"]);
    }

    #[test]
    fn depth_one_is_the_top_level() {
        assert!(names(&[], 1).contains(&"bundle".to_owned()));
        assert!(!names(&[], 1).contains(&"caption.mode".to_owned()));
    }

    #[test]
    fn describes_ranges_and_read_only() {
        let cameras = describe("cameras");
        assert!(cameras.read_only && !cameras.description.is_empty());
        let bundle = describe("bundle");
        assert!(!bundle.read_only);
        assert_eq!(bundle.additional_constraints, "settable while unconfigured");
        let alpha = describe("overlay.alpha");
        assert!(!alpha.read_only);
        assert_eq!(alpha.floating_point_range[0].to_value, 1.0);
        assert_eq!(describe("no.such").type_, 0);
    }
}
