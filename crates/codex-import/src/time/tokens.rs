//! The smallest parts of written dates and times. Each function takes one from the start of a text and leaves the rest.

/// Marks of writing direction and joining, which phones put inside dates.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

pub(crate) fn skip_marks(text: &str) -> &str {
    text.trim_start_matches(is_mark)
}

/// Spaces as phones and word processors write them.
pub(crate) fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{3000}'
    ) || is_mark(c)
}

pub(crate) fn skip_spaces(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

/// The value of a decimal digit of any script that chats are exported in.
pub(crate) fn decimal(c: char) -> Option<u32> {
    const ZEROS: [u32; 12] = [
        0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xbe6, 0xe50, 0x1040, 0x17e0, 0xff10,
    ];
    let code = u32::from(c);
    ZEROS
        .iter()
        .find_map(|zero| code.checked_sub(*zero).filter(|digit| *digit < 10))
}

/// A run of `least` to `most` digits and what follows; `None` when the run is shorter or longer.
pub(crate) fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let text = skip_marks(text);
    let (mut value, mut count, mut end) = (0_u32, 0, 0);
    for (at, c) in text.char_indices() {
        let Some(digit) = decimal(c) else { break };
        count += 1;
        if count > most {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(digit)?;
        end = at + c.len_utf8();
    }
    (count >= least).then(|| (value, &text[end..]))
}

/// .250 or ,250 in microseconds; finer digits are cut off.
pub(crate) fn fraction(text: &str) -> (u32, &str) {
    let Some(rest) = text.strip_prefix(['.', ',']) else {
        return (0, text);
    };
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 {
        return (0, text);
    }
    let micros = rest
        .bytes()
        .take(count)
        .chain(std::iter::repeat(b'0'))
        .take(6);
    (
        micros.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')),
        &rest[count..],
    )
}

/// Which half of the day it is, as phones write it; `true` for the afternoon. The texts are compared in lower case, without
/// spaces and dots. 12 is the one hour that begins its half.
const HALVES: [(&str, bool); 40] = [
    ("am", false),
    ("pm", true),
    ("vorm", false),
    ("nachm", true),
    ("上午", false),
    ("下午", true),
    ("凌晨", false),
    ("清晨", false),
    ("早上", false),
    ("中午", true),
    ("傍晚", true),
    ("晚上", true),
    ("午前", false),
    ("午後", true),
    ("오전", false),
    ("오후", true),
    ("ص", false),
    ("م", true),
    ("ق.ظ", false),
    ("ب.ظ", true),
    ("लाग्नु पूर्व", false),
    ("पूर्वाह्न", false),
    ("अपराह्न", true),
    ("ก่อนเที่ยง", false),
    ("หลังเที่ยง", true),
    ("öö", false),
    ("ös", true),
    ("πμ", false),
    ("μμ", true),
    ("de", false),
    ("du", true),
    ("sa", false),
    ("ch", true),
    ("pd", false),
    ("md", true),
    ("fm", false),
    ("em", true),
    ("ap", false),
    ("ip", true),
    ("पू", false),
];

/// AM or PM (`true`), in any of the ways phones write them.
pub(crate) fn half_of_day(text: &str) -> Option<(bool, &str)> {
    let text = skip_spaces(text);
    let mut squeezed = String::new();
    let mut found = None;
    for (at, c) in text.char_indices().take(16) {
        let is_mark = matches!(c, '\u{900}'..='\u{97f}' | '\u{e30}'..='\u{e4e}');
        if !(c.is_alphabetic() || c == '.' || is_space(c) || is_mark) {
            break;
        }
        if c == '.' || is_space(c) {
            // A dot or space belongs to it only where more follows, as in p. m.
            if let Some((half, end)) = found
                && c == '.'
            {
                found = Some((half, end + 1));
            }
            continue;
        }
        squeezed.extend(c.to_lowercase());
        let end = at + c.len_utf8();
        let rest = &text[end..];
        let ends = !rest.starts_with(char::is_alphanumeric)
            || HALVES.iter().any(|(name, _)| {
                *name == squeezed && !name.is_ascii() && rest.starts_with(|c| decimal(c).is_some())
            });
        if ends && let Some((_, half)) = HALVES.iter().find(|(name, _)| *name == squeezed) {
            found = Some((*half, end));
        }
    }
    let (half, end) = found?;
    let rest = &text[end..];
    Some((half, rest))
}

pub(crate) fn after_weekday(text: &str) -> &str {
    match super::names::weekday(text) {
        Some((_, rest)) => rest.trim_start_matches(['.', ',', ' ', '\u{a0}', '،']),
        None => text,
    }
}

/// English st, nd, rd, th; French er; a dot; ª and º.
pub(crate) fn after_ordinal(text: &str) -> &str {
    ["st", "nd", "rd", "th", "er", "ª", "º", "°", "."]
        .into_iter()
        .find_map(|suffix| {
            if suffix == "." {
                text.strip_prefix('.')
            } else {
                strip_word(text, suffix)
            }
        })
        .unwrap_or(text)
}

/// Strips an ASCII word, in any case, that ends where it should.
pub(crate) fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    let rest = &text[word.len()..];
    (head.to_lowercase() == word.to_lowercase() && !rest.starts_with(char::is_alphanumeric))
        .then_some(rest)
}
