//! Token ids to text, by the bundle's `tokenizer.json`.

use tokenizers::Tokenizer;

use super::bundle::BundleFiles;
use super::bundle::error::BundleError;
use super::bundle::manifest::LanguageModelEntry;
use crate::core::ports::{Detokenizer, ModelError};

pub struct JsonDetokenizer {
    tokenizer: Tokenizer,
}

impl JsonDetokenizer {
    pub fn load(files: &BundleFiles, entry: &LanguageModelEntry) -> Result<Self, BundleError> {
        let json = files.read("language_model.tokenizer", &entry.tokenizer, &entry.tokenizer_sha256)?;
        let refuse = |reason: String| BundleError::Tokenizer { file: entry.tokenizer.clone(), reason };
        let tokenizer = Tokenizer::from_bytes(&json).map_err(|e| refuse(e.to_string()))?;
        if tokenizer.id_to_token(entry.eos_token_id).is_none() {
            let got =
                format!("{}, which is not among its {} tokens", entry.eos_token_id, tokenizer.get_vocab_size(true));
            let expected = format!("a token of {}", entry.tokenizer);
            return Err(BundleError::Value { key: "language_model.eos_token_id".to_owned(), expected, got });
        }
        Ok(Self { tokenizer })
    }
}

impl Detokenizer for JsonDetokenizer {
    /// Special tokens are left out.
    fn text(&self, tokens: &[u32]) -> Result<String, ModelError> {
        let text = self.tokenizer.decode(tokens, true);
        text.map_err(|e| ModelError::Run { graph: "tokenizer", reason: e.to_string() })
    }
}
