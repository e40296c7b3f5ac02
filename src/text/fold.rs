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
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            '\u{2018}' | '\u{2019}' | '\u{02BC}' => folded.push('\''),
            _ => folded.push(c),
        }
    }
    folded
}

/// A mark that only decorates a letter, so that people leave it out when they type a query.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{0591}'..='\u{05C7}' | '\u{064B}'..='\u{065F}' | '\u{0670}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}' | '\u{200C}' | '\u{200D}' | '\u{00AD}')
}

/// Whether `c` belongs to a word: letters, digits and the marks of scripts that write vowels as marks.
pub fn is_word_char(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric()
    } else {
        c.is_alphanumeric() || is_combining_mark(c)
    }
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
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }
}
