//! What segcap adds to its graphs: a 720p picture and one box through the built-in model, beside ONNX Runtime's own time
//! for the same runs. `cargo bench --no-default-features --features onnx --bench onnx`.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use image::RgbImage;
use ndarray::{Array3, Array4, ArrayD};
use ort::session::{Session, SessionInputValue};
use ort::value::TensorRef;
use segcap::core::caption::search::Search;
use segcap::core::caption::{Subject, describe};
use segcap::core::geometry::{PixelBox, Size};
use segcap::core::progress::ignore;
use segcap::core::prompt::{Prompt, Shape};
use segcap::core::segment::pipeline::{SegmentOptions, segment};
use segcap::onnx::preprocess::Preprocessor;
use segcap::onnx::provider::{Provider, ProviderChoice, SessionOptions};
use segcap::onnx::{LoadOptions, LoadedBundle, library, load};

const GREEDY: Search = Search { max_tokens: 0, beams: 1 };
const IMAGE: Size = Size { width: 1280, height: 720 };

fn bundle_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/builtin")
}

fn bundle() -> LoadedBundle {
    let session = SessionOptions { provider: ProviderChoice::Fixed(Provider::Cpu), ..Default::default() };
    load(&bundle_folder(), &LoadOptions { session, library: None }).expect("the built-in bundle loads")
}

fn picture() -> RgbImage {
    RgbImage::from_fn(IMAGE.width, IMAGE.height, |x, y| {
        let inside = (400..900).contains(&x) && (200..600).contains(&y);
        if inside { image::Rgb([200, (y / 4) as u8, 40]) } else { image::Rgb([(x / 6) as u8, 120, (y / 3) as u8]) }
    })
}

fn prompt() -> Prompt {
    let rect = PixelBox::new(390, 190, 520, 420);
    Prompt { id: String::new(), shape: Shape::Box { rect, clicks: vec![] } }
}

/// A graph with inputs of the right shape at hand, run by ONNX Runtime alone, with segcap's own session options.
struct Bare {
    session: Session,
    inputs: Vec<(&'static str, ArrayD<f32>)>,
}

impl Bare {
    fn new(file: &str, inputs: Vec<(&'static str, ArrayD<f32>)>) -> Self {
        let library = library::open(None).expect("ONNX Runtime is there: the bundle was loaded with it");
        let session = Session::builder(library.environment())
            .and_then(|builder| Ok(builder.with_intra_op_spinning(false)?))
            .and_then(|mut builder| builder.commit_from_file(bundle_folder().join(file)))
            .expect("the graph loads as it did in the bundle");
        Self { session, inputs }
    }

    fn run(&mut self) {
        let inputs: Vec<(&str, SessionInputValue)> = self
            .inputs
            .iter()
            .map(|(name, array)| (*name, TensorRef::from_array_view(array.view()).expect("contiguous").into()))
            .collect();
        black_box(self.session.run(inputs).expect("the inputs have the graph's shapes"));
    }
}

/// Encoder and decoder with inputs as in `vision`.
fn bare_vision(bundle: &LoadedBundle, embedding: &[usize]) -> (Bare, Bare) {
    let side = bundle.manifest.preprocess.input_size as usize;
    let low_res = bundle.model.vision.decoder.mask_input_size().expect("the built-in decoder takes masks");
    let (height, width) = (low_res.height as usize, low_res.width as usize);
    let encoder = Bare::new("image_encoder.onnx", vec![("pixels", Array4::zeros((1, 3, side, side)).into_dyn())]);
    let decoder = Bare::new(
        "mask_decoder.onnx",
        vec![
            ("image_embeddings", ArrayD::zeros(embedding)),
            ("point_coords", Array3::from_elem((1, 2, 2), side as f32 / 3.0).into_dyn()),
            ("point_labels", ndarray::array![[2.0, 3.0]].into_dyn()),
            ("mask_input", Array4::zeros((1, 1, height, width)).into_dyn()),
            ("has_mask_input", ndarray::array![0.0].into_dyn()),
        ],
    );
    (encoder, decoder)
}

fn embedding_shape(bundle: &LoadedBundle) -> Vec<usize> {
    let library = library::open(None).expect("ONNX Runtime is there");
    let encoder = Session::builder(library.environment())
        .and_then(|mut builder| {
            builder.commit_from_file(bundle_folder().join(&bundle.manifest.graphs.image_encoder.file))
        })
        .expect("the encoder loads");
    let shape = encoder.outputs()[0].dtype().tensor_shape().expect("a tensor");
    shape.iter().map(|length| *length as usize).collect()
}

fn vision(criterion: &mut Criterion) {
    let mut bundle = bundle();
    let shape = embedding_shape(&bundle);
    let (mut bare_encoder, mut bare_decoder) = bare_vision(&bundle, &shape);
    let (image, prompts) = (picture(), [prompt()]);
    let mut preprocessor = Preprocessor::new(bundle.manifest.preprocess.clone());
    let mut group = criterion.benchmark_group("720p, one box");
    group.bench_function("graphs alone", |bench| {
        bench.iter(|| {
            bare_encoder.run();
            bare_decoder.run();
        });
    });
    group.bench_function("picture to mask", |bench| {
        let model = &mut bundle.model.vision;
        bench.iter(|| {
            let embedding = model.encoder.encode(&image).expect("encodes");
            segment(model.decoder.as_mut(), &embedding, &prompts, &SegmentOptions::default(), &mut ignore)
        });
    });
    group.bench_function("of which resize and normalise", |bench| {
        bench.iter(|| {
            black_box(preprocessor.run(&image).expect("resizes"));
        });
    });
    group.finish();
}

fn captions(criterion: &mut Criterion) {
    let mut model = bundle().model;
    let embedding = model.vision.encoder.encode(&picture()).expect("encodes");
    let mut caption = model.caption.expect("the built-in model captions");
    let mut group = criterion.benchmark_group("captions");
    for regions in [1, 8, 32] {
        let bbox = PixelBox::new(200, 150, 100, 80);
        let subjects: Vec<_> = (0..regions).map(|_| Subject { shape: Arc::new(prompt().shape), bbox }).collect();
        group.bench_function(format!("{regions} regions"), |bench| {
            bench.iter(|| describe(&mut caption, &embedding, &subjects, GREEDY, 32, &|| false).expect("speaks"));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = vision, captions
}
criterion_main!(benches);
