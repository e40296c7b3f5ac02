//! From bytes to UTF-8 with line feeds: UTF-16, the encodings of older programs, and files with carriage returns alone.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// What a file's bytes are.
#[derive(Debug, Default)]
struct Census {
    carriage_returns: u64,
    line_feeds: u64,
    nuls_even: u64,
    nuls_odd: u64,
    /// Characters of more than one byte, and sequences that are no UTF-8.
    multibyte: u64,
    broken: u64,
    bytes: u64,
}

/// The file as UTF-8 and lines that end in LF, and what was assumed for that.
pub(crate) fn decode(mut file: File) -> io::Result<(File, Option<String>)> {
    let mut head = [0; 4];
    let count = file.read(&mut head)?;
    file.rewind()?;
    let census = census(&file)?;
    file.rewind()?;
    if let Some((encoding, _)) =
        Encoding::for_bom(&head[..count]).filter(|(encoding, _)| *encoding != encoding_rs::UTF_8)
    {
        return transcode(file, encoding, census.carriage_returns > 0, None);
    }
    let half = census.bytes / 2;
    if half >= 4 && census.nuls_odd > half * 4 / 10 && census.nuls_even * 10 < census.nuls_odd {
        return transcode(file, UTF_16LE, true, Some("read as UTF-16"));
    }
    if half >= 4 && census.nuls_even > half * 4 / 10 && census.nuls_odd * 10 < census.nuls_even {
        return transcode(file, UTF_16BE, true, Some("read as UTF-16"));
    }
    let no_nuls = census.nuls_even + census.nuls_odd == 0;
    if census.broken > census.multibyte && no_nuls {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        let mut sample = Vec::new();
        Read::by_ref(&mut file)
            .take(1 << 20)
            .read_to_end(&mut sample)?;
        file.rewind()?;
        detector.feed(&sample, true);
        let encoding = detector.guess(None, Utf8Detection::Deny);
        let note = format!(
            "is no UTF-8 and was read as {}; if letters are wrong, convert it",
            encoding.name()
        );
        return transcode(file, encoding, census.line_feeds == 0, Some(&note));
    }
    if census.carriage_returns > 0 && census.line_feeds == 0 {
        return transcode(file, encoding_rs::UTF_8, true, None);
    }
    Ok((file, None))
}

/// Looks at all bytes once.
fn census(file: &File) -> io::Result<Census> {
    let mut census = Census::default();
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut buffer = vec![0; 1 << 18];
    let mut kept = 0;
    loop {
        let read = reader.read(&mut buffer[kept..])?;
        let bytes = &buffer[..kept + read];
        if bytes.is_empty() {
            break;
        }
        for (index, byte) in bytes.iter().enumerate().skip(kept) {
            match byte {
                b'\n' => census.line_feeds += 1,
                b'\r' => census.carriage_returns += 1,
                0 if (census.bytes + (index - kept) as u64).is_multiple_of(2) => {
                    census.nuls_even += 1
                }
                0 => census.nuls_odd += 1,
                _ => {}
            }
        }
        census.bytes += read as u64;
        let mut left = 0;
        let chunks: Vec<_> = bytes.utf8_chunks().collect();
        for (index, chunk) in chunks.iter().enumerate() {
            if !chunk.valid().is_ascii() {
                census.multibyte += chunk.valid().chars().filter(|c| !c.is_ascii()).count() as u64;
            }
            if chunk.invalid().is_empty() {
                continue;
            }
            // A character cut in two by the buffer's end.
            if index + 1 == chunks.len()
                && read > 0
                && chunk.invalid().len() < 4
                && bytes.ends_with(chunk.invalid())
            {
                left = chunk.invalid().len();
            } else {
                census.broken += 1;
            }
        }
        let end = bytes.len();
        if read == 0 {
            census.broken += u64::from(left > 0);
            break;
        }
        buffer.copy_within(end - left..end, 0);
        kept = left;
    }
    Ok(census)
}

fn transcode(
    file: File,
    encoding: &'static Encoding,
    fix_lines: bool,
    note: Option<&str>,
) -> io::Result<(File, Option<String>)> {
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut out = BufWriter::new(tempfile::tempfile()?);
    let mut input = vec![0; 1 << 16];
    let mut text = String::with_capacity(1 << 18);
    let mut after_return = false;
    loop {
        let read = reader.read(&mut input)?;
        let mut rest = &input[..read];
        loop {
            text.clear();
            let (result, used, _) = decoder.decode_to_string(rest, &mut text, read == 0);
            rest = &rest[used..];
            if fix_lines {
                text = lines(&text, &mut after_return);
            }
            out.write_all(text.as_bytes())?;
            text.reserve(1 << 18);
            if result == encoding_rs::CoderResult::InputEmpty {
                break;
            }
        }
        if read == 0 {
            break;
        }
    }
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok((file, note.map(str::to_owned)))
}

/// CR and CRLF as LF.
fn lines(text: &str, after_return: &mut bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\r' => out.push('\n'),
            '\n' if *after_return => {}
            other => out.push(other),
        }
        *after_return = c == '\r';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> (String, Option<String>) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let (mut file, note) = decode(file).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        (text, note)
    }

    #[test]
    fn encodings_of_older_programs_are_read_and_said() {
        let (text, note) = decoded(b"Der H\xe4ndler gr\xfc\xdft J\xf6rg");
        assert_eq!(text, "Der Händler grüßt Jörg");
        assert!(note.unwrap().contains("windows-1252"));
        let utf16: Vec<u8> = "\u{feff}Zoë\r\nb"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(decoded(&utf16).0, "Zoë\nb");
        let without_mark: Vec<u8> = "plain words here"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(decoded(&without_mark).0, "plain words here");
    }

    #[test]
    fn carriage_returns_alone_are_line_ends() {
        assert_eq!(decoded(b"one\rtwo\r").0, "one\ntwo\n");
        assert_eq!(decoded(b"one\r\ntwo\r\n").0, "one\r\ntwo\r\n");
    }

    #[test]
    fn one_broken_byte_in_utf8_does_not_change_the_rest() {
        let (text, note) = decoded("Käse, Öl, Brot".as_bytes());
        assert_eq!((text.as_str(), note), ("Käse, Öl, Brot", None));
    }
}
