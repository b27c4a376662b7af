//! Where regions are: depth and calibration beside the frames.

use std::sync::Arc;

use super::describe::{coarse, follow, in_words};
use super::rig::*;
use crate::core::frame::{Header, Stamp};
use crate::core::pixels::raw_image::RawImage;
use crate::core::region::{CaptionState, RegionArray};
use crate::core::result_code::ResultCode;
use crate::core::settings::Settings;
use crate::core::space::CameraInfo;
use crate::runtime::api::SegmentRequest;

fn header(camera: &str, secs: i32, frame_id: &str) -> Header {
    Header { origin: camera.into(), stamp: Stamp { secs, nanos: 0 }, frame_id: frame_id.into() }
}

/// The whole picture at one distance.
fn wall(millimetres: u16) -> RawImage {
    let data = millimetres.to_le_bytes().repeat((SIZE.width * SIZE.height) as usize);
    let (width, height, step) = (SIZE.width, SIZE.height, 2 * SIZE.width);
    RawImage { width, height, step, encoding: "16UC1".into(), big_endian: false, data }
}

fn calibration() -> CameraInfo {
    let k = [50.0, 0.0, 31.5, 0.0, 50.0, 23.5, 0.0, 0.0, 1.0];
    CameraInfo { width: SIZE.width, height: SIZE.height, k, ..CameraInfo::default() }
}

/// Depth for the frame of second `secs`, which differs with it.
pub(super) fn send_depth(rig: &Rig, secs: i32) {
    rig.handle.depth(header("", secs, "optical"), wall(1000 + 100 * secs as u16));
}

pub(super) fn with_space(settings: Settings) -> Rig {
    let rig = Rig::start(settings);
    rig.handle.camera_info(header("", 0, "optical"), calibration());
    rig
}

fn distances(array: &Arc<RegionArray>) -> Vec<Option<f64>> {
    array.regions.iter().map(|region| region.place.map(|place| place.position[2])).collect()
}

#[tokio::test]
async fn each_frame_s_regions_are_where_its_own_depth_says() {
    let mut rig = with_space(quiet());
    rig.sticky(vec![named_box("cup", 26, 19)]);
    for secs in 1..=3 {
        send_depth(&rig, secs);
    }
    for secs in 1..=3 {
        rig.frame(secs);
        let array = rig.regions().await;
        let place = array.regions[0].place.expect("a place");
        let z = 1.0 + 0.1 * f64::from(secs);
        assert!((place.position[2] - z).abs() < 1e-6, "{place:?}");
        let bbox = array.regions[0].bbox();
        let middle = f64::from(bbox.x) + f64::from(bbox.width) / 2.0 - 0.5;
        assert!((place.position[0] - (middle - 31.5) / 50.0 * z).abs() < 0.02, "{place:?}");
        assert!((f64::from(place.extent[0]) - f64::from(bbox.width) / 50.0 * z).abs() < 0.05, "{place:?} {bbox:?}");
    }
}

/// Regions at the distance of the depth for the frame of second `secs`.
fn is_placed(array: &Arc<RegionArray>, secs: i32) -> bool {
    let z = 1.0 + 0.1 * f64::from(secs);
    array.header.stamp.secs == secs && distances(array)[0].is_some_and(|found| (found - z).abs() < 1e-6)
}

#[tokio::test]
async fn masks_do_not_wait_for_depth_and_go_out_again_with_it() {
    let mut rig = with_space(quiet());
    rig.sticky(vec![named_box("cup", 26, 19)]);
    for secs in 1..=10 {
        rig.frame(secs);
        let masks = rig.regions().await;
        assert_eq!((masks.header.stamp.secs, distances(&masks)), (secs, vec![None]));
        send_depth(&rig, secs);
        let places = rig.regions().await;
        assert!(is_placed(&places, secs), "{places:?}");
        assert_eq!((ids(&places), &places.regions[0].mask), (ids(&masks), &masks.regions[0].mask));
    }
    // Nothing was told of depth that only comes later than masks, and nothing goes out a third time.
    send_depth(&rig, 10);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none());
    let recalled = rig.handle.query(&Default::default()).unwrap();
    assert!(recalled.answers[0].object.place.is_some_and(|place| (place.position[2] - 2.0).abs() < 1e-6));
}

#[tokio::test]
async fn a_calibration_that_comes_last_brings_the_places_too() {
    let mut rig = Rig::start(quiet());
    rig.once(0, vec![named_box("cup", 26, 19)]);
    send_depth(&rig, 1);
    rig.frame(1);
    assert_eq!(distances(&rig.regions().await), [None]);
    rig.handle.camera_info(header("", 1, "optical"), calibration());
    assert!(is_placed(&rig.regions().await, 1));
}

#[tokio::test]
async fn depth_between_masks_and_words_goes_out_before_the_words_and_with_them() {
    let mut rig = with_space(patient());
    rig.captions.close();
    rig.once(0, vec![named_box("cup", 26, 19)]);
    rig.frame(1);
    assert_eq!(distances(&rig.regions().await), [None]);
    send_depth(&rig, 1);
    let places = rig.regions().await;
    assert!(is_placed(&places, 1) && places.regions[0].caption.state == CaptionState::Pending);
    rig.captions.open();
    let words = rig.regions().await;
    assert!(is_placed(&words, 1) && words.regions[0].caption.state == CaptionState::Done);
}

#[tokio::test]
async fn depth_after_the_words_does_not_take_them_back() {
    let mut rig = with_space(patient());
    rig.once(0, vec![named_box("cup", 26, 19)]);
    rig.frame(1);
    assert_eq!(distances(&rig.regions().await), [None]);
    let words = rig.regions().await;
    assert_eq!((distances(&words), words.regions[0].caption.state), (vec![None], CaptionState::Done));
    send_depth(&rig, 1);
    let places = rig.regions().await;
    assert!(is_placed(&places, 1));
    assert_eq!(places.regions[0].caption, words.regions[0].caption);
    let recalled = rig.handle.query(&Default::default()).unwrap();
    assert_eq!(recalled.answers[0].object.caption.state, CaptionState::Done);
}

#[tokio::test]
async fn late_depth_of_an_older_frame_of_a_stream_brings_nothing_but_that_of_who_asked_once_does() {
    let mut rig = with_space(quiet());
    rig.once(0, vec![named_box("once", 10, 11)]);
    rig.frame(1);
    assert_eq!(distances(&rig.regions().await), [None]);
    rig.sticky(vec![named_box("cup", 26, 19)]);
    for secs in 2..=3 {
        rig.frame(secs);
        assert_eq!(distances(&rig.regions().await), [None]);
    }
    (1..=3).for_each(|secs| send_depth(&rig, secs));
    let answers = [rig.regions().await, rig.regions().await];
    assert!(is_placed(&answers[0], 1) && is_placed(&answers[1], 3), "{answers:?}");
    rig.settle().await;
    assert!(rig.output.try_recv().is_none());
}

#[tokio::test]
async fn depth_after_a_rest_is_not_for_what_went_out_before_it() {
    let mut rig = with_space(quiet());
    rig.once(0, vec![named_box("cup", 26, 19)]);
    rig.frame(1);
    assert_eq!(distances(&rig.regions().await), [None]);
    rig.handle.set_active(false);
    rig.handle.set_active(true);
    send_depth(&rig, 1);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none());
}

#[tokio::test]
async fn what_a_goal_found_goes_out_again_when_its_depth_comes() {
    let mut rig = with_space(coarse());
    rig.frame(1);
    let goal = crate::core::node::describe::Goal { caption: false, ..in_words() };
    let (_, described) = follow(rig.handle.describe_everything(&goal).unwrap()).await;
    let masks = rig.regions().await;
    assert!(distances(&masks).iter().all(Option::is_none) && masks.regions.len() == described.regions.len());
    send_depth(&rig, 1);
    let places = rig.regions().await;
    assert!(ids(&places) == ids(&masks) && distances(&places).iter().any(Option::is_some));
}

#[tokio::test]
async fn the_depth_of_a_picture_in_work_is_kept_however_much_comes() {
    let mut rig = with_space(quiet());
    rig.encoder.close();
    rig.once(0, vec![named_box("cup", 26, 19)]);
    send_depth(&rig, 1);
    rig.frame(1);
    rig.encoder.wait_for_arrival();
    (2..100).for_each(|secs| send_depth(&rig, secs));
    rig.encoder.open();
    assert!(distances(&rig.regions().await)[0].is_some_and(|z| (z - 1.1).abs() < 1e-6));
}

#[tokio::test]
async fn the_depth_of_a_picture_that_waits_is_kept_however_much_comes() {
    let mut rig = with_space(quiet());
    rig.sticky(vec![named_box("cup", 26, 19)]);
    rig.encoder.close();
    rig.frame(1);
    rig.encoder.wait_for_arrival();
    send_depth(&rig, 2);
    rig.frame(2);
    (3..100).for_each(|secs| send_depth(&rig, secs));
    rig.encoder.open();
    assert_eq!(distances(&rig.regions().await), [None]);
    assert!(distances(&rig.regions().await)[0].is_some_and(|z| (z - 1.2).abs() < 1e-6));
}

#[tokio::test]
async fn everything_that_a_goal_finds_has_a_place_however_long_it_takes() {
    let mut rig = with_space(coarse());
    rig.decoder.close();
    send_depth(&rig, 1);
    rig.frame(1);
    let describing = rig.handle.describe_everything(&in_words()).unwrap();
    rig.decoder.wait_for_arrival();
    for secs in 2..100 {
        send_depth(&rig, secs);
        rig.frame(secs);
    }
    rig.decoder.open();
    let (_, described) = follow(describing).await;
    let (masks, words) = (rig.regions().await, rig.regions().await);
    assert_eq!(masks.regions.len(), described.regions.len());
    for array in [masks, words] {
        // Specks have too few readings.
        let large = array.regions.iter().filter(|region| region.mask.area() > 20);
        let places: Vec<_> = large.map(|region| region.place.expect("a place").position[2]).collect();
        assert!(!places.is_empty() && places.iter().all(|z| (z - 1.1).abs() < 1e-6), "{places:?}");
    }
}

#[tokio::test]
async fn of_a_camera_without_depth_no_answer_waits_for_it() {
    let mut rig = with_space(quiet());
    rig.sticky(vec![named_box("cup", 26, 19)]);
    rig.frame(1);
    rig.regions().await;
    rig.advance(std::time::Duration::from_secs(10));
    rig.frame(2);
    assert_eq!(distances(&rig.regions().await), [None]);
    send_depth(&rig, 2);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none(), "its answer was kept");
    // From now on it is a camera with depth.
    rig.frame(3);
    assert_eq!(distances(&rig.regions().await), [None]);
    send_depth(&rig, 3);
    assert!(is_placed(&rig.regions().await, 3));
}

#[tokio::test]
async fn depth_of_before_a_rest_is_not_used_after_it() {
    let mut rig = with_space(quiet());
    send_depth(&rig, 1);
    rig.handle.set_active(false);
    send_depth(&rig, 1);
    rig.handle.set_active(true);
    rig.sticky(vec![named_box("cup", 26, 19)]);
    rig.frame(1);
    assert_eq!(distances(&rig.regions().await), [None]);
    send_depth(&rig, 2);
    rig.frame(2);
    assert!(distances(&rig.regions().await)[0].is_some(), "the calibration is known still");
}

#[tokio::test]
async fn requests_get_places_too_but_not_for_a_picture_of_their_own() {
    let mut rig = with_space(quiet());
    send_depth(&rig, 1);
    rig.frame(1);
    let prompts = vec![named_box("cup", 26, 19)];
    let newest = rig.handle.segment(on_newest(prompts.clone())).await.unwrap();
    let words = SegmentRequest { caption: true, ..on_newest(prompts.clone()) };
    let described = rig.handle.segment(words).await.unwrap();
    assert!(distances(&newest)[0].is_some() && distances(&newest) == distances(&described));
    // Whatever its stamp says: the robot's depth is not that of a client's picture.
    for secs in [1, 0, 7] {
        let image = Some(picture("", [4, 5, 6], secs));
        for caption in [false, true] {
            let request =
                SegmentRequest { image: image.clone(), caption, prompts: prompts.clone(), ..Default::default() };
            let array = rig.handle.segment(request).await.unwrap();
            assert_eq!(distances(&array), [None], "own picture of second {secs}, caption: {caption}");
        }
    }
    // Nor is the robot's depth at fault because it does not go with a client's picture.
    rig.handle.depth(header("", 3, "left_optical"), wall(1000));
    for secs in 10..20 {
        let image = Some(picture("", [4, 5, 6], secs));
        rig.handle.segment(SegmentRequest { image, prompts: prompts.clone(), ..Default::default() }).await.unwrap();
    }
    assert!(rig.output.try_recv().is_none());
}

#[tokio::test]
async fn without_stamps_the_depth_counts_that_came_with_the_picture() {
    let mut rig = with_space(quiet());
    send_depth(&rig, 1);
    send_depth(&rig, 2);
    rig.once(0, vec![named_box("cup", 26, 19)]);
    rig.frame(0);
    assert!(distances(&rig.regions().await)[0].is_some_and(|z| (z - 1.2).abs() < 1e-6));
}

#[tokio::test]
async fn a_fault_is_told_once_and_masks_come_all_the_same() {
    let mut rig = with_space(quiet());
    rig.sticky(vec![named_box("cup", 26, 19)]);
    for secs in 1..=10 {
        rig.handle.depth(header("", secs, "left_optical"), wall(1000));
        rig.frame(secs);
        if secs == 1 {
            let (what, refusal) = rig.refusal().await;
            assert_eq!((what, refusal.code), ("depth", ResultCode::Unsupported));
            assert!(refusal.message.contains("frame_id \"optical\""), "{refusal}");
        }
        assert_eq!(distances(&rig.regions().await), [None]);
    }
    rig.handle.depth(header("", 11, "optical"), RawImage { encoding: "rgb8".into(), ..wall(1) });
    rig.handle.depth(header("", 12, "optical"), RawImage { encoding: "rgb8".into(), ..wall(1) });
    assert!(rig.refusal().await.1.message.contains("unknown encoding \"rgb8\""));
    send_depth(&rig, 13);
    rig.frame(13);
    assert!(distances(&rig.regions().await)[0].is_some(), "it goes on");
}

#[tokio::test]
async fn depth_that_is_always_late_is_told_after_some_pictures() {
    let mut rig = with_space(quiet());
    rig.sticky(vec![named_box("cup", 26, 19)]);
    send_depth(&rig, 1);
    for secs in 10..14 {
        rig.frame(secs);
        assert_eq!(distances(&rig.regions().await), [None]);
    }
    rig.frame(14);
    let (what, refusal) = rig.refusal().await;
    assert_eq!((what, refusal.code), ("depth", ResultCode::NoImage));
    assert!(refusal.message.contains("depth.tolerance_s"), "{refusal}");
}

#[tokio::test]
async fn cameras_do_not_share_their_depth() {
    let mut rig = with_space(quiet());
    rig.handle.camera_info(header("rear", 0, "optical"), calibration());
    rig.handle.depth(header("rear", 1, "optical"), wall(3000));
    rig.once(0, vec![named_box("cup", 26, 19)]);
    rig.frame(1);
    assert_eq!(distances(&rig.regions().await), [None]);
}
