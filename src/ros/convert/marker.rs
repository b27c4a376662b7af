//! Boxes and words in space (visualization_msgs/MarkerArray).

use r2r::builtin_interfaces::msg::Duration;
use r2r::geometry_msgs::msg::{Point, Pose, Quaternion, Vector3};
use r2r::std_msgs::msg::ColorRGBA;
use r2r::visualization_msgs::msg::{Marker, MarkerArray};

use super::{header, text};
use crate::core::frame::Header;
use crate::core::region::Region;
use crate::core::space::Located;
use crate::core::view::markers::MarkerChange;
use crate::core::view::overlay::color;

/// Namespaces of the boxes and of the words, behind the camera's name.
const BOXES: &str = "boxes";
const CAPTIONS: &str = "captions";
/// A viewer that is not told of an end, because the node has died, forgets so soon.
const LIFETIME_SECS: i32 = 10;
const BOX_ALPHA: f32 = 0.3;
/// RViz complains of boxes without thickness, metres.
const LEAST_SIDE: f64 = 0.002;
/// Height of the words as a share of their distance, and its bounds, metres.
const TEXT_SHARE: f64 = 0.02;
const TEXT_HEIGHTS: (f64, f64) = (0.015, 0.5);

/// What the changes tell the viewers of the picture's camera.
pub fn marker_array(of: &Header, changes: &[MarkerChange]) -> MarkerArray {
    MarkerArray { markers: changes.iter().flat_map(|change| markers(of, change)).collect() }
}

fn markers(of: &Header, change: &MarkerChange) -> Vec<Marker> {
    match *change {
        MarkerChange::DeleteAll => vec![marker(of, "", 0, Marker::DELETEALL as i32)],
        MarkerChange::Delete { number } => {
            [BOXES, CAPTIONS].map(|kind| marker(of, kind, number, Marker::DELETE as i32)).into()
        }
        MarkerChange::Show { number, region, place } => {
            vec![solid(of, number, region.label, &place), words(of, number, region, &place)]
        }
    }
}

fn solid(of: &Header, number: i32, label: u16, place: &Located) -> Marker {
    let [red, green, blue] = color(label).0.map(|channel| f32::from(channel) / 255.0);
    let [x, y, z] = place.extent.map(|side| f64::from(side).max(LEAST_SIDE));
    Marker {
        type_: Marker::CUBE as i32,
        pose: pose(place.centre),
        scale: Vector3 { x, y, z },
        color: ColorRGBA { r: red, g: green, b: blue, a: BOX_ALPHA },
        ..marker(of, BOXES, number, Marker::ADD as i32)
    }
}

/// The caption and the distance from the camera, two lines above the box as the camera sees it (y points down).
fn words(of: &Header, number: i32, region: &Region, place: &Located) -> Marker {
    let height = (TEXT_SHARE * place.distance()).clamp(TEXT_HEIGHTS.0, TEXT_HEIGHTS.1);
    let [x, y, z] = place.centre;
    let [_, down, ahead] = place.extent.map(f64::from);
    let id = &region.id;
    let name = if region.caption.text.is_empty() { id.clone() } else { format!("{} ({id})", region.caption.text) };
    let lines = [name, format!("{:.2} m", place.distance())];
    // A viewer puts the middle of the lines at the pose; half a line stays free between them and the box.
    let middle_above_box = (lines.len() as f64 + 1.0) / 2.0 * height;
    Marker {
        type_: Marker::TEXT_VIEW_FACING as i32,
        // At the near side, so that things as far away do not hide it.
        pose: pose([x, y - down / 2.0 - middle_above_box, z - (ahead / 2.0).min(z / 2.0)]),
        scale: Vector3 { z: height, ..Vector3::default() },
        color: ColorRGBA { r: 1.0, g: 1.0, b: 1.0, a: 1.0 },
        text: text(&lines.join("\n")),
        ..marker(of, CAPTIONS, number, Marker::ADD as i32)
    }
}

fn marker(of: &Header, kind: &str, number: i32, action: i32) -> Marker {
    let camera = of.origin.name();
    let namespace = if camera.is_empty() { kind.to_owned() } else { format!("{camera}/{kind}") };
    Marker {
        header: header(of),
        ns: if kind.is_empty() { String::new() } else { text(&namespace) },
        id: number,
        action,
        pose: pose([0.0; 3]),
        lifetime: Duration { sec: LIFETIME_SECS, nanosec: 0 },
        ..Marker::default()
    }
}

/// Along the axes of the camera's frame.
fn pose([x, y, z]: [f64; 3]) -> Pose {
    Pose { position: Point { x, y, z }, orientation: Quaternion { x: 0.0, y: 0.0, z: 0.0, w: 1.0 } }
}

#[cfg(test)]
mod tests {
    use r2r::NativeMsg;

    use super::*;
    use crate::core::frame::Stamp;
    use crate::core::geometry::PixelBox;
    use crate::core::view::overlay::tests::region;

    fn header() -> Header {
        Header { origin: "front".into(), stamp: Stamp { secs: 7, nanos: 8 }, frame_id: "optical".into() }
    }

    #[test]
    fn a_region_is_a_box_with_words_above_it() {
        // Seen from a corner: most of the surface lies before and beside the middle of the box.
        let (position, centre, extent) = ([0.4, -0.2, 1.9], [0.5, -0.25, 2.0], [0.5, 0.25, 0.0]);
        let place = Located { position, centre, extent, valid_share: 1.0, confidence: 1.0 };
        let mut region = region(1, PixelBox::new(1, 1, 4, 4));
        region.caption.text = "a red\0mug".into();
        let array = marker_array(&header(), &[MarkerChange::Show { number: 3, region: &region, place }]);
        let [solid, words] = &array.markers[..] else { panic!("expected two markers") };
        assert_eq!((solid.ns.as_str(), solid.id, solid.type_, solid.action), ("front/boxes", 3, 1, 0));
        assert_eq!((solid.header.frame_id.as_str(), solid.header.stamp.sec), ("optical", 7));
        assert_eq!((solid.pose.position.x, solid.pose.position.z, solid.pose.orientation.w), (0.5, 2.0, 1.0));
        assert_eq!((solid.scale.x, solid.scale.y, solid.scale.z), (0.5, 0.25, LEAST_SIDE));
        assert_eq!(
            (words.ns.as_str(), words.type_, words.text.as_str()),
            ("front/captions", 9, "a redmug (1)\n1.95 m")
        );
        assert!(words.scale.z > 0.0 && words.lifetime.sec > 0 && words.color.a > 0.0);
        assert!(words.pose.position.y + words.scale.z < -0.25 - 0.125, "two lines above the box");
        // This is where r2r would panic.
        let _sendable = NativeMsg::from(&array);
    }

    #[test]
    fn an_end_is_told_for_both_markers() {
        let array = marker_array(&header(), &[MarkerChange::DeleteAll, MarkerChange::Delete { number: 3 }]);
        let told: Vec<_> = array.markers.iter().map(|marker| (marker.action, marker.ns.as_str(), marker.id)).collect();
        assert_eq!(told, [(3, "", 0), (2, "front/boxes", 3), (2, "front/captions", 3)]);
    }
}
