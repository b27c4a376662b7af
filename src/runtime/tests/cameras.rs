//! Several cameras share the models: each has its turn, whatever the others send.

use super::rig::*;
use crate::core::frame::Stamp;
use crate::core::region::RegionArray;
use crate::core::testing::fake_model::Call;
use crate::runtime::api::{Output, PromptSubmission, SegmentRequest};

fn show(rig: &Rig, camera: &str, secs: i32) {
    rig.handle.frame(picture(camera, [10, 20, 30], secs));
}

/// One sticky box for each camera, named after it; returns when each camera's first frame is answered.
async fn follow(rig: &mut Rig, cameras: &[&str]) {
    for (index, &camera) in (0..).zip(cameras) {
        let prompts = vec![named_box(camera, 5 + 8 * index, 5)];
        let submission = PromptSubmission { camera: camera.into(), sticky: true, prompts, ..Default::default() };
        rig.handle.prompts(submission).unwrap();
        show(rig, camera, 0);
    }
    for _ in cameras {
        rig.regions().await;
    }
}

fn camera_of(array: &RegionArray) -> &str {
    array.header.origin.name()
}

/// The cameras of the next `answers` answers, where a camera has a new frame as soon as one is answered.
async fn turns(rig: &mut Rig, cameras: &[&str], answers: usize) -> Vec<String> {
    cameras.iter().for_each(|camera| show(rig, camera, 1));
    rig.encoder.open();
    let mut turns = Vec::new();
    for secs in (2..).take(answers) {
        let array = rig.regions().await;
        assert_eq!(array.regions[0].prompt_id, camera_of(&array), "no camera's prompts are another's");
        show(rig, camera_of(&array), secs);
        turns.push(camera_of(&array).to_owned());
    }
    turns
}

#[tokio::test]
async fn cameras_that_never_rest_get_equal_shares() {
    let cameras = ["front", "rear", "wrist"];
    let mut rig = Rig::start(quiet());
    follow(&mut rig, &cameras).await;
    let turns = turns(&mut rig, &cameras, 30).await;
    for camera in cameras {
        let share = turns.iter().filter(|turn| *turn == camera).count();
        assert!((9..=11).contains(&share), "{camera}: {share} of {turns:?}");
    }
}

#[tokio::test]
async fn a_slow_camera_s_frame_comes_next_beside_a_camera_of_120_hz() {
    let mut rig = Rig::start(quiet());
    follow(&mut rig, &["fast", "slow"]).await;
    for round in 1..=10 {
        // While one of its frames is encoded, the fast camera sends 24 more, the slow one a single one.
        rig.encoder.close();
        show(&rig, "fast", 100 * round);
        rig.encoder.wait_for_arrival();
        show(&rig, "slow", 100 * round);
        (1..=24).for_each(|frame| show(&rig, "fast", 100 * round + frame));
        rig.encoder.open();
        let mut answers = Vec::new();
        for _ in 0..3 {
            let array = rig.regions().await;
            answers.push((camera_of(&array).to_owned(), array.header.stamp.secs - 100 * round));
        }
        let expected = [("fast", 0), ("slow", 0), ("fast", 24)].map(|(camera, frame)| (camera.to_owned(), frame));
        assert_eq!(answers, expected, "round {round}");
    }
    assert_eq!(rig.handle.stats().frames_displaced, 10 * 23, "of the slow camera none");
}

#[tokio::test]
async fn clients_with_pictures_of_their_own_leave_each_camera_its_turn() {
    let cameras = ["front", "rear"];
    let mut rig = Rig::start(quiet());
    follow(&mut rig, &cameras).await;
    rig.encoder.close();
    show(&rig, "front", 1);
    rig.encoder.wait_for_arrival();
    let before = rig.calls(Call::Encode);
    let own = |color| SegmentRequest { image: Some(picture("", [color; 3], 9)), ..on_newest(vec![click(5, 5)]) };
    let clients: Vec<_> = (0..40).map(|color| tokio::spawn(rig.handle.segment(own(color)))).collect();
    let mut turns = Vec::new();
    for round in 1..=4 {
        // Both cameras have a new frame at each turn.
        for _ in 0..3 {
            cameras.iter().for_each(|camera| show(&rig, camera, round));
            rig.encoder.let_pass(1);
            rig.encoder.wait_for_arrival();
        }
        while let Some(Output::Regions { array, .. }) = rig.output.try_recv() {
            turns.push(camera_of(&array).to_owned());
        }
    }
    for camera in cameras {
        let answers = turns.iter().filter(|turn| *turn == camera).count();
        assert!((3..=5).contains(&answers), "of 12 turns, a third for each camera and for the clients: {turns:?}");
    }
    assert_eq!(rig.calls(Call::Encode) - before, 12);
    rig.encoder.open();
    for client in clients {
        assert_eq!(client.await.unwrap().unwrap().regions.len(), 1);
    }
}

#[tokio::test]
async fn words_too_are_for_each_camera() {
    let mut rig = Rig::start(patient());
    rig.captions.close();
    // One after the other: it is the fast one's first words that are held.
    follow(&mut rig, &["fast"]).await;
    rig.captions.wait_for_arrival();
    follow(&mut rig, &["slow"]).await;
    show(&rig, "slow", 7);
    assert_eq!(camera_of(&*rig.regions().await), "slow");
    for secs in 1..=20 {
        show(&rig, "fast", secs);
        assert_eq!(rig.regions().await.header.stamp, Stamp { secs, nanos: 0 });
    }
    rig.captions.open();
    // The last frame's masks may be out a moment before it waits for words; then the one before it has words, too.
    let mut described = Vec::new();
    while !described.contains(&("fast".to_owned(), 20)) {
        let array = rig.regions().await;
        described.push((camera_of(&array).to_owned(), array.header.stamp.secs));
    }
    assert!(described[1] == ("slow".to_owned(), 7) && described.len() <= 4, "{described:?}");
}
