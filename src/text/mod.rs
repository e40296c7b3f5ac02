//! Words: tokens, stems, sentences, dates in text. Depends on nothing.
