//! Folding: the same letter whatever its case, accent or compatibility form.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower-cases, applies NFKC and strips the accents of Latin, Greek, Cyrillic, Hebrew and Arabic letters.
///
/// `Łódź` becomes `lodz`, `ﬁne` becomes `fine`, `Straße` becomes `strasse`. Marks that are letters of their own
/// script (Devanagari vowel signs, Japanese voicing) stay. The typographic apostrophe becomes `'`.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    let base = text.nfkd().filter(|&c| !is_accent(c)).nfc();
    for c in base.flat_map(char::to_lowercase).filter(|&c| !is_accent(c)) {
        match c {
            'ς' => folded.push('σ'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            '\u{2018}' | '\u{2019}' => folded.push('\''),
            _ => folded.push(digit(c)),
        }
    }
    folded
}

/// A decimal digit of any script as the one of ours.
fn digit(c: char) -> char {
    const ZEROS: [u32; 17] = [
        0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50,
        0xED0, 0xF20, 0x1040, 0x17E0,
    ];
    let code = c as u32;
    ZEROS
        .iter()
        .find_map(|zero| code.checked_sub(*zero).filter(|value| *value < 10))
        .and_then(|value| char::from_digit(value, 10))
        .unwrap_or(c)
}

/// A mark that only decorates a letter, or a character nobody sees, so that people leave it out when they type a query.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{0591}'..='\u{05C7}' | '\u{064B}'..='\u{065F}' | '\u{0670}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}'
        | '\u{FEFF}' | '\u{00AD}' | '\u{0640}' | '\u{02BB}' | '\u{02BC}')
}

/// Whether `c` belongs to a word: letters, digits and the marks of scripts that write vowels as marks.
pub fn is_word_char(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric()
    } else {
        c.is_alphanumeric() || is_combining_mark(c)
    }
}

/// Whether `c` is an emoji or another picture: a word of its own.
pub fn is_picture(c: char) -> bool {
    matches!(c, '\u{1F300}'..='\u{1F3FA}' | '\u{1F400}'..='\u{1FAFF}' | '\u{1F1E6}'..='\u{1F1FF}' | '\u{2600}'..='\u{27BF}' | '\u{2B50}' | '\u{2B55}')
}

/// Whether `c` is of a script written without spaces: Han, kana, Thai, Lao, Khmer, Myanmar, Tibetan.
pub fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{0F00}'..='\u{0FFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_has_one_form() {
        for (text, folded) in [
            ("Café", "cafe"),
            ("CAFE\u{301}", "cafe"),
            ("Łódź", "lodz"),
            ("Straße", "strasse"),
            ("ﬁne", "fine"),
            ("ＡＢＣ１", "abc1"),
            ("Sarah’s", "sarah's"),
            ("İstanbul", "istanbul"),
            ("Ñandú", "nandu"),
            ("한국어", "한국어"),
            ("が", "が"),
            ("ΌΣΟ", "οσο"),
            ("δρόμος", "δρομοσ"),
            ("٢٠١٧", "2017"),
            ("zeb\u{2060}ra\u{feff}nine", "zebranine"),
            ("كـــتاب", "كتاب"),
            ("Hawai\u{2bb}i", "hawaii"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }
}
