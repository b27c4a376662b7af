//! Which files an ONNX model keeps its weights in, read from its bytes before ONNX Runtime sees them.
//!
//! Walks the protobuf encoding (protobuf.dev/programming-guides/encoding) along the few messages of onnx.proto that can
//! hold a tensor, and skips everything else.

use std::collections::BTreeSet;

/// Subgraphs in subgraphs: nobody's model is nested deeper.
const MAX_DEPTH: u32 = 64;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtobufError {
    #[error("it ends in the middle of a field")]
    Truncated,
    #[error("malformed number")]
    Varint,
    #[error("expected a field number from 1, got 0")]
    FieldNumber,
    #[error("expected wire type 0, 1, 2 or 5, got {0}")]
    WireType(u64),
    #[error("nested deeper than {MAX_DEPTH} messages")]
    TooDeep,
    #[error("a location of external data is not UTF-8")]
    Utf8,
    #[error("it has no graph")]
    NoGraph,
}

/// The messages of onnx.proto that can hold a tensor somewhere below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Function,
    Training,
    SparseTensor,
    Tensor,
    ExternalEntry,
}

impl Message {
    /// The message in one of this one's fields, where it matters to us.
    fn field(self, number: u64) -> Option<Self> {
        Some(match (self, number) {
            (Self::Model, 7) | (Self::Attribute, 6 | 11) | (Self::Training, 1 | 2) => Self::Graph,
            (Self::Model, 20) => Self::Training,
            (Self::Model, 25) => Self::Function,
            (Self::Graph, 1) | (Self::Function, 7) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) | (Self::SparseTensor, 1 | 2) => Self::Tensor,
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Self::SparseTensor,
            (Self::Node, 5) | (Self::Function, 11) => Self::Attribute,
            (Self::Tensor, 13) => Self::ExternalEntry,
            _ => return None,
        })
    }
}

/// The `location` of every tensor that lies outside the model's own file.
///
/// # Errors
/// Where the bytes are not a protobuf message, or hold no graph.
pub fn locations(model: &[u8]) -> Result<BTreeSet<String>, ProtobufError> {
    let mut walk = Walk { found: BTreeSet::new(), has_graph: false };
    walk.message(Message::Model, model, 0)?;
    if walk.has_graph { Ok(walk.found) } else { Err(ProtobufError::NoGraph) }
}

struct Walk {
    found: BTreeSet<String>,
    has_graph: bool,
}

impl Walk {
    fn message(&mut self, message: Message, bytes: &[u8], depth: u32) -> Result<(), ProtobufError> {
        if depth > MAX_DEPTH {
            return Err(ProtobufError::TooDeep);
        }
        if message == Message::ExternalEntry {
            return self.external_entry(bytes);
        }
        self.has_graph |= message == Message::Graph;
        let mut fields = Fields { rest: bytes };
        while let Some((number, content)) = fields.next()? {
            if let (Some(inner), Some(content)) = (message.field(number), content) {
                self.message(inner, content, depth + 1)?;
            }
        }
        Ok(())
    }

    /// StringStringEntryProto: key = 1, value = 2; of a repeated field the last one counts.
    fn external_entry(&mut self, bytes: &[u8]) -> Result<(), ProtobufError> {
        let (mut key, mut value) = (&b""[..], &b""[..]);
        let mut fields = Fields { rest: bytes };
        while let Some((number, content)) = fields.next()? {
            match (number, content) {
                (1, Some(content)) => key = content,
                (2, Some(content)) => value = content,
                _ => {}
            }
        }
        if key == b"location" {
            let location = std::str::from_utf8(value).map_err(|_| ProtobufError::Utf8)?;
            self.found.insert(location.to_owned());
        }
        Ok(())
    }
}

/// A field's number, and its content where that has a length.
type Field<'a> = (u64, Option<&'a [u8]>);

/// The fields of one message.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<Option<Field<'a>>, ProtobufError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 {
            return Err(ProtobufError::FieldNumber);
        }
        let content = match tag & 7 {
            0 => self.varint().map(|_| None)?,
            1 => self.take(8).map(|_| None)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| ProtobufError::Truncated)?;
                Some(self.take(length)?)
            }
            5 => self.take(4).map(|_| None)?,
            other => return Err(ProtobufError::WireType(other)),
        };
        Ok(Some((number, content)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ProtobufError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(ProtobufError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Seven bits a byte, lowest first; at most ten bytes.
    fn varint(&mut self) -> Result<u64, ProtobufError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(ProtobufError::Varint);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ProtobufError::Varint)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One field that holds bytes.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![];
        let mut key = u32::from(number) << 3 | 2;
        while key > 0x7f {
            bytes.push((key & 0x7f) as u8 | 0x80);
            key >>= 7;
        }
        bytes.push(key as u8);
        let mut length = content.len();
        while length > 0x7f {
            bytes.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend_from_slice(content);
        bytes
    }

    fn tensor_at(location: &str) -> Vec<u8> {
        field(13, &[field(1, b"location"), field(2, location.as_bytes())].concat())
    }

    fn found(model: &[u8]) -> Vec<String> {
        locations(model).unwrap().into_iter().collect()
    }

    #[test]
    fn finds_an_initializer() {
        assert_eq!(found(&field(7, &field(5, &tensor_at("../weights")))), ["../weights"]);
    }

    #[test]
    fn finds_tensors_in_nodes_subgraphs_functions_and_training() {
        let constant = field(1, &field(5, &field(5, &tensor_at("constant"))));
        let branch = field(1, &field(5, &field(6, &constant)));
        let sparse = field(15, &field(1, &tensor_at("sparse")));
        let function = field(25, &field(7, &field(5, &field(10, &tensor_at("function")))));
        let training = field(20, &field(2, &field(5, &tensor_at("training"))));
        let model = [field(7, &[branch, sparse].concat()), function, training].concat();
        assert_eq!(found(&model), ["constant", "function", "sparse", "training"]);
    }

    #[test]
    fn other_entries_are_no_locations() {
        let offset = field(13, &[field(1, b"offset"), field(2, b"4096")].concat());
        assert_eq!(found(&field(7, &field(5, &offset))), Vec::<String>::new());
    }

    #[test]
    fn refuses_what_is_no_model() {
        assert_eq!(locations(b""), Err(ProtobufError::NoGraph));
        assert_eq!(locations(&[0x3a, 0x7f, 1, 2]), Err(ProtobufError::Truncated));
        assert_eq!(locations(&[0x3b]), Err(ProtobufError::WireType(3)));
        assert_eq!(locations(&[0x02, 0x00]), Err(ProtobufError::FieldNumber));
        assert_eq!(locations(&[0xff; 11]), Err(ProtobufError::Varint));
    }

    #[test]
    fn refuses_endless_nesting() {
        let mut graph = field(5, &tensor_at("deep"));
        for _ in 0..40 {
            graph = field(1, &field(5, &field(6, &graph)));
        }
        assert_eq!(locations(&field(7, &graph)), Err(ProtobufError::TooDeep));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = locations(&bytes);
        }

        /// A model cut short or with a byte changed is read or refused, and never loses the process.
        #[test]
        fn damage_is_an_answer(cut in 0_usize..80, at in 0_usize..80, byte: u8) {
            let mut model = field(7, &[field(1, &field(5, &field(5, &tensor_at("a")))), field(5, &tensor_at("b"))].concat());
            let at = at % model.len();
            model[at] = byte;
            model.truncate(model.len().saturating_sub(cut));
            let _ = locations(&model);
        }
    }
}
