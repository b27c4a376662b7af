//! ROS 2: r2r adapters, one file each.
