//! Names of months and weekdays in the languages people keep diaries in, from the C library's locales.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use pure_rust_locales::{Locale, locale_match};

/// One locale a language, or two where countries write it differently; the most widely used first.
const LOCALES: [&str; 68] = [
    "en_US",
    "en_GB",
    "es_ES",
    "es_MX",
    "pt_BR",
    "pt_PT",
    "fr_FR",
    "de_DE",
    "de_AT",
    "it_IT",
    "nl_NL",
    "nl_BE",
    "pl_PL",
    "ru_RU",
    "uk_UA",
    "cs_CZ",
    "sk_SK",
    "sv_SE",
    "da_DK",
    "nb_NO",
    "nn_NO",
    "fi_FI",
    "tr_TR",
    "el_GR",
    "hu_HU",
    "ro_RO",
    "bg_BG",
    "id_ID",
    "ms_MY",
    "vi_VN",
    "he_IL",
    "ar_EG",
    "ar_SY",
    "ar_SA",
    "fa_IR",
    "hi_IN",
    "bn_BD",
    "th_TH",
    "ja_JP",
    "ko_KR",
    "zh_CN",
    "zh_TW",
    "ca_ES",
    "gl_ES",
    "eu_ES",
    "et_EE",
    "lv_LV",
    "lt_LT",
    "sl_SI",
    "hr_HR",
    "sr_RS",
    "sr_RS@latin",
    "bs_BA",
    "mk_MK",
    "sq_AL",
    "is_IS",
    "ga_IE",
    "cy_GB",
    "af_ZA",
    "sw_KE",
    "fil_PH",
    "ka_GE",
    "hy_AM",
    "az_AZ",
    "kk_KZ",
    "be_BY",
    "ta_IN",
    "eo",
];

/// A month's name can be another month's in another language, as Croatian and Polish `listopad`.
type Names = HashMap<String, u16>;

struct Tables {
    /// A bit a month, from bit 1.
    months: Names,
    /// A bit a weekday, from bit 1 for Monday.
    weekdays: Names,
    longest: usize,
}

/// Names that the locales lack: nominatives, spellings without accents, short forms people write.
const MORE_MONTHS: [(&str, u32); 12] = [
    ("sept", 9),
    ("märz", 3),
    ("maerz", 3),
    ("mrz", 3),
    ("jänner", 1),
    ("feber", 2),
    ("fevrier", 2),
    ("aout", 8),
    ("decembre", 12),
    ("marco", 3),
    ("setiembre", 9),
    ("mrt", 3),
];
const MORE_WEEKDAYS: [(&str, u32); 4] = [("tues", 2), ("thur", 4), ("thurs", 4), ("weds", 3)];

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut tables = Tables {
            months: HashMap::new(),
            weekdays: HashMap::new(),
            longest: 0,
        };
        let mut english = HashSet::new();
        for (name, month) in MORE_MONTHS {
            add(&mut tables.months, name, month, 2);
        }
        for (name, day) in MORE_WEEKDAYS {
            add(&mut tables.weekdays, name, day, 2);
        }
        for name in LOCALES {
            let Ok(locale) = name.parse::<Locale>() else {
                continue;
            };
            let months = [
                locale_match!(locale => LC_TIME::MON),
                locale_match!(locale => LC_TIME::ABMON),
            ];
            let weekdays = [
                locale_match!(locale => LC_TIME::DAY),
                locale_match!(locale => LC_TIME::ABDAY),
            ];
            let nominative = locale_match!(locale => LC_TIME::ALT_MON).unwrap_or(&[]);
            let mut found = Names::new();
            for names in months.into_iter().chain([nominative]) {
                for (index, name) in names.iter().enumerate() {
                    let name = name.trim_start_matches("de ").trim_start_matches("d’");
                    add(&mut found, name, index as u32 + 1, 2);
                    if locale == Locale::fi_FI {
                        // The case of dates: 5. maaliskuuta.
                        add(&mut found, &format!("{name}ta"), index as u32 + 1, 2);
                    }
                }
            }
            for (name, bits) in found {
                // An English reading is never made doubtful by another language's abbreviation.
                if !english.contains(&name) {
                    *tables.months.entry(name).or_default() |= bits;
                }
            }
            if name == "en_US" {
                english = tables.months.keys().cloned().collect();
            }
            for names in weekdays {
                for (index, name) in names.iter().enumerate() {
                    // The locales begin with Sunday.
                    let day = if index == 0 { 7 } else { index as u32 };
                    add(&mut tables.weekdays, name, day, 1);
                }
            }
        }
        let names = tables.months.keys().chain(tables.weekdays.keys());
        tables.longest = names.map(|name| name.chars().count()).max().unwrap_or(0);
        tables
    })
}

fn add(names: &mut Names, name: &str, number: u32, shortest: usize) {
    let name = name.trim().trim_end_matches('.').to_lowercase();
    let is_name = name.chars().count() >= shortest && !name.starts_with(|c: char| c.is_numeric());
    if is_name {
        *names.entry(name).or_default() |= 1 << number;
    }
}

/// The month whose name a text begins with, and what follows; `Err` holds a name that is another month's elsewhere.
pub(crate) fn month(text: &str) -> Option<(Result<u32, String>, &str)> {
    let (name, bits, rest) = leading(text, &tables().months)?;
    let month = match bits.count_ones() {
        1 => Ok(bits.trailing_zeros()),
        _ => Err(name),
    };
    Some((month, rest.strip_prefix('.').unwrap_or(rest)))
}

/// What follows the weekday a text begins with, and which days it may be.
pub(crate) fn weekday(text: &str) -> Option<(u16, &str)> {
    leading(text, &tables().weekdays).map(|(_, bits, rest)| (bits, rest))
}

/// The longest known name the text begins with, which ends where a word does.
fn leading<'a>(text: &'a str, names: &Names) -> Option<(String, u16, &'a str)> {
    if !text.starts_with(char::is_alphabetic) {
        return None;
    }
    let longest = tables().longest;
    let mut ends: Vec<usize> = text
        .char_indices()
        .map(|(at, _)| at)
        .skip(1)
        .take(longest)
        .collect();
    if ends.len() < longest {
        ends.push(text.len());
    }
    ends.into_iter().rev().find_map(|end| {
        let (name, rest) = text.split_at(end);
        if rest.starts_with(|c: char| c.is_alphanumeric()) && !unspaced(name) {
            return None;
        }
        let name = name.to_lowercase();
        let name = name.trim_end_matches('.');
        names.get(name).map(|bits| (name.to_owned(), *bits, rest))
    })
}

/// Scripts in which a word's end is not shown by a space.
fn unspaced(name: &str) -> bool {
    name.chars().any(|c| matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_weekdays_are_read_in_many_languages() {
        for (text, expected) in [
            ("März 2024", 3),
            ("marzo", 3),
            ("mars", 3),
            ("março de", 3),
            ("lutego 2024", 2),
            ("февраля", 2),
            ("Februar", 2),
            ("août", 8),
            ("Aralık", 12),
            ("Sept. 3", 9),
            ("березня", 3),
            ("Ιανουαρίου", 1),
        ] {
            assert_eq!(
                month(text).map(|(month, _)| month),
                Some(Ok(expected)),
                "{text}"
            );
        }
        assert!(weekday("Dienstag, 5").is_some() && weekday("воскресенье").is_some());
        assert!(month("Marching").is_none());
    }

    #[test]
    fn a_name_that_means_two_months_is_not_guessed() {
        assert!(matches!(month("listopada 2024"), Some((Err(_), _))));
    }
}
