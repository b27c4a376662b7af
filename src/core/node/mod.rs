//! What makes a well-behaved ROS node, without ROS: its states, its health, the books of its action, the pace of its answers.

pub mod describe;
pub mod diagnosis;
pub mod goals;
pub mod health;
pub mod lifecycle;
pub mod pace;
