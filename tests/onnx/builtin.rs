//! The bundle that ships with segcap loads, segments and speaks.

use std::path::Path;

use image::RgbImage;
use segcap::core::geometry::Size;
use segcap::onnx::load;

use crate::support::cpu;

#[test]
fn the_built_in_bundle_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/builtin");
    let mut bundle = load(&folder, &cpu()).unwrap();
    let side = bundle.manifest.preprocess.input_size as f32;
    let image = RgbImage::from_fn(640, 480, |x, y| image::Rgb([(x / 3) as u8, (y / 2) as u8, ((x ^ y) & 255) as u8]));
    let embedding = bundle.model.vision.encoder.encode(&image).unwrap();
    assert_eq!(embedding.transform.image, Size::new(640, 480));
    let at = [(side / 4.0, side / 4.0), (side / 2.0, side / 3.0)];
    let prompts = crate::support::points(&at);
    let masks = bundle.model.vision.decoder.decode(&embedding, &prompts).unwrap();
    let low_res = bundle.model.vision.decoder.mask_input_size().unwrap();
    let (rows, candidates, height, width) = masks.logits.dim();
    assert_eq!((rows, height, width), (2, low_res.height as usize, low_res.width as usize));
    assert_eq!(masks.predicted_iou.dim(), (2, candidates));
    assert!(masks.logits.iter().all(|logit| logit.is_finite()));
    let mut caption = bundle.model.caption.unwrap();
    let prefix = caption.prefix.prefix(&embedding, &crate::support::regions(&at)).unwrap().prefix;
    let step = caption.language.prefill(&prefix, 3).unwrap();
    assert!(step.log_probs.iter().all(|log_prob| *log_prob <= 0.0));
    caption.detokenizer.text(&step.likeliest()).unwrap();
}
