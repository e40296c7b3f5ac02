//! A sentence model of the BERT family from a directory of safetensors, tokenizer and configuration, run in this process.
//!
//! The meaning of a text is the mean of its tokens' last hidden states (or the first token's, where the model's pooling says so),
//! brought to length 1 (sentence-transformers; Reimers & Gurevych 2019).

use super::unit_vector;
use crate::error::{Error, Result};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tokenizers::{Tokenizer, TruncationParams};

/// Texts that run through the model at once; sorted by length, so that little is padding.
const BATCH: usize = 32;
/// Characters of a text that are tokenized; models read a few hundred tokens.
const MOST_CHARACTERS: usize = 8_000;
/// Tokens a model reads at least.
const LEAST_TOKENS: usize = 8;
/// Tokens read where the model does not say.
const DEFAULT_TOKENS: usize = 256;

/// How a text's tokens become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pooling {
    Mean,
    First,
}

/// A model that is loaded and ready.
pub struct LocalModel {
    dir: PathBuf,
    model: BertModel,
    tokenizer: Tokenizer,
    pooling: Pooling,
    dimension: usize,
}

#[derive(Debug, Default, Deserialize)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
struct PoolingConfig {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
}

impl LocalModel {
    /// Loads the model in `dir`: `config.json`, `tokenizer.json`, `model.safetensors`, and where there are
    /// `sentence_bert_config.json` (tokens read) and `1_Pooling/config.json` (mean or first token).
    ///
    /// # Errors
    /// Usage when a file is missing or is not what its name says.
    pub fn load(dir: &Path) -> Result<LocalModel> {
        let wrong = |what: String| {
            Error::usage(format!(
                "the model in {} cannot be used: {what}",
                dir.display()
            ))
            .hint("fetch it again: codex models pull all-minilm-l6-v2")
        };
        let config: Config = json(&dir.join("config.json")).map_err(wrong)?;
        if config.model_type.as_deref().is_some_and(|t| t != "bert") {
            return Err(wrong(format!(
                "it is of the family '{}'; only bert is known",
                config.model_type.as_deref().unwrap_or_default()
            )));
        }
        if config.max_position_embeddings < LEAST_TOKENS {
            return Err(wrong(format!(
                "config.json: max_position_embeddings is {}, and texts need {LEAST_TOKENS}",
                config.max_position_embeddings
            )));
        }
        if config.num_attention_heads == 0 || config.hidden_size == 0 {
            return Err(wrong(
                "config.json: num_attention_heads and hidden_size must not be 0".to_owned(),
            ));
        }
        let sentences: SentenceConfig =
            optional(&dir.join("sentence_bert_config.json")).map_err(wrong)?;
        let pooling =
            match optional::<PoolingConfig>(&dir.join("1_Pooling/config.json")).map_err(wrong)? {
                PoolingConfig {
                    pooling_mode_cls_token: true,
                    ..
                } => Pooling::First,
                PoolingConfig {
                    pooling_mode_mean_tokens: true,
                    ..
                } => Pooling::Mean,
                _ if !dir.join("1_Pooling/config.json").exists() => Pooling::Mean,
                _ => {
                    return Err(wrong(
                        "its pooling is neither mean nor first token".to_owned(),
                    ));
                }
            };
        let mut tokenizer = Tokenizer::from_file(dir.join("tokenizer.json"))
            .map_err(|e| wrong(format!("tokenizer.json: {e}")))?;
        let most = sentences
            .max_seq_length
            .unwrap_or(DEFAULT_TOKENS)
            .clamp(LEAST_TOKENS, config.max_position_embeddings);
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(Some(TruncationParams {
                max_length: most,
                ..TruncationParams::default()
            }))
            .map_err(|e| wrong(format!("tokenizer.json: {e}")))?;
        let file = dir.join("model.safetensors");
        let bytes = std::fs::read(&file).map_err(|e| wrong(format!("model.safetensors: {e}")))?;
        let weights = read_weights(&bytes).map_err(|e| wrong(format!("model.safetensors: {e}")))?;
        let model = BertModel::load(weights, &config)
            .map_err(|e| wrong(format!("model.safetensors: {e}")))?;
        Ok(LocalModel {
            dir: dir.to_owned(),
            model,
            tokenizer,
            pooling,
            dimension: config.hidden_size,
        })
    }

    /// Numbers of a vector.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The vectors of texts, in their order, each of length 1. A text longer than the model reads is cut.
    ///
    /// # Errors
    /// Failed when the model breaks.
    pub fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let beginnings: Vec<&str> = texts.iter().map(|text| beginning(text)).collect();
        let tokens: Vec<Vec<u32>> = self
            .tokenizer
            .encode_batch(beginnings, true)
            .map_err(|e| self.broken(&e.to_string()))?
            .iter()
            .map(|encoding| encoding.get_ids().to_vec())
            .collect();
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&i| (tokens[i].len(), i));
        let mut vectors = vec![Vec::new(); texts.len()];
        for part in order.chunks(BATCH) {
            let batch: Vec<&[u32]> = part.iter().map(|&i| tokens[i].as_slice()).collect();
            let rows = self
                .forward(&batch)
                .map_err(|e| self.broken(&e.to_string()))?;
            for (&i, row) in part.iter().zip(rows) {
                vectors[i] = unit_vector(row, Some(self.dimension)).map_err(|e| self.broken(&e))?;
            }
        }
        Ok(vectors)
    }

    /// One vector a row of tokens, before it is brought to length 1.
    fn forward(&self, batch: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let longest = batch.iter().map(|row| row.len()).max().unwrap_or(0);
        let shape = (batch.len(), longest);
        let padded = |row: &[u32]| -> Vec<u32> {
            row.iter()
                .copied()
                .chain(std::iter::repeat(0))
                .take(longest)
                .collect()
        };
        let ids: Vec<u32> = batch.iter().flat_map(|row| padded(row)).collect();
        let mask: Vec<f32> = batch
            .iter()
            .flat_map(|row| (0..longest).map(|i| if i < row.len() { 1.0 } else { 0.0 }))
            .collect();
        let device = &Device::Cpu;
        let ids = Tensor::from_vec(ids, shape, device)?;
        let mask = Tensor::from_vec(mask, shape, device)?;
        let hidden = self.model.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        let pooled = match self.pooling {
            Pooling::First => hidden.narrow(1, 0, 1)?.squeeze(1)?,
            Pooling::Mean => {
                let sum = hidden.broadcast_mul(&mask.unsqueeze(2)?)?.sum(1)?;
                sum.broadcast_div(&mask.sum_keepdim(1)?)?
            }
        };
        pooled.to_vec2::<f32>()
    }

    fn broken(&self, what: &str) -> Error {
        Error::failed(format!("the model in {} broke: {what}", self.dir.display()))
    }
}

/// The weights, those of linear layers stored the way they are multiplied: a question of few tokens would else be spent on turning
/// them.
fn read_weights(bytes: &[u8]) -> candle_core::Result<VarBuilder<'static>> {
    let mut weights = candle_core::safetensors::load_buffer(bytes, &Device::Cpu)?;
    for (name, tensor) in &mut weights {
        if tensor.rank() == 2 && !name.contains("embeddings") {
            *tensor = tensor.t()?.contiguous()?.t()?;
        }
    }
    Ok(VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu))
}

fn beginning(text: &str) -> &str {
    text.char_indices()
        .nth(MOST_CHARACTERS)
        .map_or(text, |(end, _)| &text[..end])
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> std::result::Result<T, String> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let text = std::fs::read_to_string(path).map_err(|e| format!("{name}: {e}"))?;
    serde_json::from_str(&text).map_err(|e| format!("{name}: {e}"))
}

fn optional<T: Default + for<'de> Deserialize<'de>>(path: &Path) -> std::result::Result<T, String> {
    if path.exists() {
        json(path)
    } else {
        Ok(T::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_reads_next_to_nothing_is_refused_in_words() {
        for (setting, value) in [("max_position_embeddings", 4), ("num_attention_heads", 0)] {
            let dir = tempfile::tempdir().unwrap();
            let mut config = serde_json::json!({
                "model_type": "bert", "vocab_size": 32, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
                "intermediate_size": 8, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "max_position_embeddings": 64,
                "type_vocab_size": 2, "initializer_range": 0.02, "layer_norm_eps": 1e-12, "pad_token_id": 0,
                "position_embedding_type": "absolute", "use_cache": true, "classifier_dropout": null
            });
            config[setting] = value.into();
            std::fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
            let error = LocalModel::load(dir.path()).err().unwrap();
            assert!(error.to_string().contains(setting), "{error}");
        }
    }
}
