//! `~/markers`: regions in space for RViz, while somebody looks.

use r2r::Publisher;
use r2r::visualization_msgs::msg::MarkerArray;

use super::{has_listeners, send};
use crate::core::region::RegionArray;
use crate::core::view::markers::MarkerBook;
use crate::ros::{convert, interfaces};

/// One camera's markers.
pub struct MarkerTopic {
    publisher: Publisher<MarkerArray>,
    book: MarkerBook,
}

impl MarkerTopic {
    /// # Errors
    /// When rcl cannot create a publisher.
    pub fn create(node: &mut r2r::Node, camera: &str) -> r2r::Result<Self> {
        let topic = interfaces::camera_topic(camera, interfaces::MARKERS);
        let publisher = node.create_publisher(&topic, interfaces::markers_qos())?;
        Ok(Self { publisher, book: MarkerBook::default() })
    }

    pub fn publish(&mut self, array: &RegionArray) {
        if !has_listeners(&self.publisher) {
            return self.book.forget();
        }
        let changes = self.book.update(array);
        if !changes.is_empty() {
            send(&self.publisher, &convert::marker_array(&array.header, &changes));
        }
    }
}
