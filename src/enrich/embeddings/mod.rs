//! Vectors of what memories mean: who makes them, where they are kept.
//!
//! # Layout
//!
//! * `local`: a sentence model of the BERT family, run in this process from a directory
//! * `catalogue`: the directories of local models: listing, fetching
//! * `remote`: Ollama's embedding models
//! * `provider`: which of them is asked, [`Embedder`]
//! * `store`: vectors in the store, what is owed, which model recall uses
//!
//! Vectors are events of the log: recorded once, never recomputed, so a replay needs no model. A vector belongs to one model, and
//! models are never mixed.

mod catalogue;
mod local;
mod provider;
mod remote;
mod store;

pub use catalogue::{LocalModelFiles, PullSource, list_models, pull_model};
pub use local::LocalModel;
pub use provider::{Choice, Embedder, Purpose, choose, embedder_of};
pub use store::{
    Embedded, OwedText, Standing, Vector, active_model, append_vectors, count_pending, dimension,
    pending_texts, settle_model, standing, vector_counts,
};

/// The name vectors of a local model are kept under.
pub fn local_name(model: &str) -> String {
    format!("local:{model}")
}

/// Whether a model of that name runs in this process.
pub fn is_local(model: &str) -> bool {
    model.starts_with("local:")
}

/// The name vectors of an Ollama model are kept under.
pub fn ollama_name(model: &str) -> String {
    format!("ollama:{}", model.strip_suffix(":latest").unwrap_or(model))
}

/// Whether it is a vector: finite numbers of the dimension expected, not all of them zero. Returns it with length 1.
pub(super) fn unit_vector(
    values: Vec<f32>,
    dimension: Option<usize>,
) -> std::result::Result<Vec<f32>, String> {
    if let Some(dimension) = dimension.filter(|d| *d != values.len()) {
        return Err(format!(
            "a vector of {} numbers where {dimension} were expected",
            values.len()
        ));
    }
    let length = values
        .iter()
        .map(|v| f64::from(*v) * f64::from(*v))
        .sum::<f64>()
        .sqrt();
    if !length.is_finite() || length < 1e-12 {
        return Err("a vector that holds no finite direction (NaN, infinite or zero)".to_owned());
    }
    // Summed in double precision: the same on every machine but for the last bit of a float.
    Ok(values
        .into_iter()
        .map(|v| (f64::from(v) / length) as f32)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_vectors_of_the_right_length_are_taken() {
        assert_eq!(unit_vector(vec![3.0, 4.0], Some(2)).unwrap(), [0.6, 0.8]);
        for (values, says) in [
            (vec![1.0], "1 numbers where 2"),
            (vec![f32::NAN, 1.0], "NaN"),
            (vec![f32::INFINITY, 1.0], "NaN"),
            (vec![0.0, 0.0], "zero"),
        ] {
            let wrong = unit_vector(values, Some(2)).unwrap_err();
            assert!(wrong.contains(says), "{wrong}");
        }
    }

    #[test]
    fn latest_is_no_name_of_its_own() {
        assert_eq!(
            ollama_name("nomic-embed-text:latest"),
            ollama_name("nomic-embed-text")
        );
        assert_ne!(local_name("all-minilm"), ollama_name("all-minilm"));
    }
}
