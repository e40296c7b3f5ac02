//! "Did you mean": the known name nearest to an unknown one.

/// The nearest of `known` to `name`, if it is near enough to be meant. Ties go to the first in order.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = name.to_lowercase();
    // One slip in three characters: `episods` is meant, `foo` for `raw` is not.
    let limit = (folded.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|candidate| {
            (
                strsim::osa_distance(&folded, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The end of a message about an unknown name: the nearest known one, else the list where it is short.
pub fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(nearest) = closest(name, known.iter().copied()) {
        return format!("did you mean '{nearest}'?");
    }
    match known.len() {
        0 => "there are none".to_owned(),
        1..=12 => format!("known: {}", known.join(", ")),
        more => format!("known: {}, … ({more} in all)", known[..8].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        assert_eq!(closest("episods", ["raw", "episodes"]), Some("episodes"));
        assert_eq!(closest("thread", ["threads"]), Some("threads"));
        assert_eq!(closest("zebra", ["episodes", "raw"]), None);
        assert_eq!(hint("zebra", ["episodes", "raw"]), "known: episodes, raw");
    }
}
