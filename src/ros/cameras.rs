//! The cameras that the node was started with, and which of them a client means.

use std::sync::Arc;

use crate::core::result_code::ResultCode;
use crate::core::settings::configuration::InputOptions;
use crate::core::text::one_line;
use crate::runtime::api::Refusal;

/// So much of an unknown name is said back, characters.
const MAX_QUOTED: usize = 64;

/// At least one camera; a node with one may leave it without a name ("").
#[derive(Clone, Debug)]
pub struct Cameras(Arc<[Arc<str>]>);

impl Cameras {
    pub fn new(options: &InputOptions) -> Self {
        let named = options.cameras.iter().map(|name| Arc::from(name.as_str()));
        Self(if options.cameras.is_empty() { Arc::new(["".into()]) } else { named.collect() })
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter()
    }

    /// The camera of this name; "" means the only one.
    ///
    /// # Errors
    /// `NOT_FOUND`, with the names that there are.
    pub fn find(&self, name: &str) -> Result<&Arc<str>, Refusal> {
        let found = match &*self.0 {
            [only] if name.is_empty() => Some(only),
            all => all.iter().find(|camera| ***camera == *name),
        };
        found.ok_or_else(|| {
            let expected = match &*self.0 {
                [only] if only.is_empty() => "no name (this node has one camera)".to_owned(),
                all => format!("one of {}", all.join(", ")),
            };
            Refusal::new(
                ResultCode::NotFound,
                format!("camera: expected {expected}, got {:?}", one_line(name, MAX_QUOTED)),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cameras(names: &[&str]) -> Cameras {
        let cameras = names.iter().map(|&name| name.to_owned()).collect();
        Cameras::new(&InputOptions { cameras, ..InputOptions::default() })
    }

    #[test]
    fn no_name_means_the_only_camera() {
        assert_eq!(&**cameras(&[]).find("").unwrap(), "");
        assert_eq!(&**cameras(&["front"]).find("").unwrap(), "front");
        assert_eq!(&**cameras(&["front", "rear"]).find("rear").unwrap(), "rear");
    }

    #[test]
    fn an_unknown_name_is_told_with_those_there_are() {
        for (names, wanted, expected) in [
            (&["front", "rear"][..], "left", "camera: expected one of front, rear, got \"left\""),
            (&["front", "rear"], "", "camera: expected one of front, rear, got \"\""),
            (&[], "front", "camera: expected no name (this node has one camera), got \"front\""),
        ] {
            let refusal = cameras(names).find(wanted).unwrap_err();
            assert_eq!((refusal.code, refusal.message.as_str()), (ResultCode::NotFound, expected));
        }
    }
}
