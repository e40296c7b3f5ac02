//! Mailboxes in mbox format: a message a memory, what was quoted from earlier ones left out.

use std::collections::HashMap;

use crate::draft::Draft;
use crate::format::{Detected, Format, Head, Items};
use crate::input::InputSet;
use crate::input::source::Source;
use crate::record::Scope;

pub(crate) struct Mbox;

impl Format for Mbox {
    const NAME: &'static str = "mbox";
    const ABOUT: &'static str = "a mailbox (`.mbox`, as Google Takeout and mail programs write it): plain text parts, without quotations";
    const IDENTITY: &'static str = "Message-ID";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        let begins = head.text.starts_with("From ")
            && head.text.lines().skip(1).take(60).any(|line| {
                line.split_once(':').is_some_and(|(name, _)| {
                    ["from", "date", "message-id", "x-gm-thrid"]
                        .contains(&name.to_ascii_lowercase().as_str())
                })
            });
        begins.into()
    }

    fn read(&self, mut source: Source, _: &InputSet) -> Items {
        let context = source.context();
        let text = match source.text() {
            Ok(text) => text,
            Err(item) => return Box::new(std::iter::once(*item)),
        };
        let mut starts: Vec<(usize, usize)> = Vec::new();
        let (mut offset, mut blank) = (0, true);
        for (index, line) in text.split_inclusive('\n').enumerate() {
            if blank && line.starts_with("From ") {
                starts.push((offset, index + 1));
            }
            blank = line.trim().is_empty();
            offset += line.len();
        }
        let ends: Vec<usize> = starts
            .iter()
            .skip(1)
            .map(|(at, _)| *at)
            .chain([text.len()])
            .collect();
        let mut items = Vec::new();
        for ((start, line), end) in starts.into_iter().zip(ends) {
            let message = text[start..end]
                .split_once('\n')
                .map_or("", |(_, rest)| rest);
            let part = Part::parse(message);
            let words = part.words();
            let header = |name: &str| {
                part.headers
                    .get(name)
                    .map(|value| decode_words(value))
                    .unwrap_or_default()
            };
            let from = header("from");
            let speaker = from
                .split_once('<')
                .map_or(from.as_str(), |(name, address)| {
                    if name.trim().is_empty() {
                        address
                    } else {
                        name
                    }
                })
                .trim_matches(['"', ' ', '>'])
                .to_owned();
            let subject = header("subject");
            let id = header("message-id");
            let mut draft = Draft {
                key: Some(id.trim_matches(['<', '>', ' ']).to_owned()).filter(|id| !id.is_empty()),
                scope: (!id.is_empty()).then_some(Scope::Everywhere),
                content: [subject.as_str(), words.as_str()]
                    .into_iter()
                    .filter(|part| !part.trim().is_empty())
                    .collect::<Vec<_>>()
                    .join("\n\n"),
                speaker: Some(speaker),
                session: Some(thread(&subject)).filter(|name| !name.is_empty()),
                kind: words.trim().is_empty().then_some("media"),
                ..Draft::default()
            };
            draft.about("to", header("to"));
            draft.about("reply_to", header("in-reply-to").trim_matches(['<', '>']));
            draft.about(
                "attachments",
                serde_json::Value::Array(part.files().into_iter().map(Into::into).collect()),
            );
            match context.clock.text(&header("date")) {
                Ok(time) => draft.created_at = Some(time),
                Err(reason) if draft.kind.is_none() && !context.settings.date_from_file => {
                    items.push(context.reject(line, format!("`Date`: {reason}")));
                    continue;
                }
                Err(_) => {}
            }
            items.push(context.finish(draft, line));
        }
        Box::new(items.into_iter())
    }
}

/// The subject without Re: and Fwd:.
fn thread(subject: &str) -> String {
    let mut rest = subject.trim();
    while let Some((mark, after)) = rest.split_once(':') {
        if ![
            "re", "fw", "fwd", "aw", "wg", "sv", "tr", "rv", "antw", "odp",
        ]
        .contains(&mark.trim().to_lowercase().as_str())
        {
            break;
        }
        rest = after.trim();
    }
    rest.to_owned()
}

struct Part {
    headers: HashMap<String, String>,
    body: String,
}

impl Part {
    fn parse(text: &str) -> Self {
        let text = text.trim_start_matches('\n');
        let mut headers: HashMap<String, String> = HashMap::new();
        let mut last = String::new();
        let mut length = 0;
        for line in text.split_inclusive('\n') {
            length += line.len();
            let bare = line.trim_end();
            if bare.is_empty() {
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some(value) = headers.get_mut(&last) {
                    value.push(' ');
                    value.push_str(bare.trim_start());
                }
            } else if let Some((name, value)) = bare.split_once(':') {
                last = name.trim().to_ascii_lowercase();
                headers
                    .entry(last.clone())
                    .or_insert_with(|| value.trim().to_owned());
            }
        }
        Self {
            headers,
            body: text[length.min(text.len())..].to_owned(),
        }
    }

    fn kind(&self) -> String {
        self.headers
            .get("content-type")
            .cloned()
            .unwrap_or_else(|| "text/plain".to_owned())
    }

    fn parts(&self) -> Vec<Part> {
        let kind = self.kind();
        let Some(boundary) =
            parameter(&kind, "boundary").filter(|_| kind.to_lowercase().starts_with("multipart"))
        else {
            return Vec::new();
        };
        let mark = format!("--{boundary}");
        self.body
            .split(mark.as_str())
            .skip(1)
            .take_while(|part| !part.starts_with("--"))
            .map(|part| Part::parse(part.trim_start_matches(['\r', '\n'])))
            .collect()
    }

    /// The plain text, or the words of the HTML where there is nothing else.
    fn words(&self) -> String {
        let parts = self.parts();
        if !parts.is_empty() {
            return parts
                .iter()
                .filter(|part| !part.is_file())
                .map(Part::words)
                .find(|words| !words.trim().is_empty())
                .unwrap_or_default();
        }
        let kind = self.kind().to_lowercase();
        if !kind.starts_with("text/") {
            return String::new();
        }
        let bytes = match self
            .headers
            .get("content-transfer-encoding")
            .map(|name| name.to_lowercase())
            .as_deref()
        {
            Some("quoted-printable") => quoted_printable(&self.body),
            Some("base64") => base64(&self.body),
            _ => self.body.clone().into_bytes(),
        };
        let encoding = parameter(&self.kind(), "charset")
            .and_then(|name| encoding_rs::Encoding::for_label(name.as_bytes()))
            .unwrap_or(encoding_rs::UTF_8);
        // A body of eight bits was decoded with the whole file.
        let is_text = std::str::from_utf8(&bytes).is_ok();
        let text = if is_text {
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            encoding.decode(&bytes).0.into_owned()
        };
        let text = if kind.starts_with("text/html") {
            without_tags(&text)
        } else {
            text
        };
        own_words(&text)
    }

    fn is_file(&self) -> bool {
        self.headers
            .get("content-disposition")
            .is_some_and(|value| value.to_lowercase().starts_with("attachment"))
    }

    fn files(&self) -> Vec<String> {
        let own = self
            .headers
            .get("content-disposition")
            .and_then(|value| parameter(value, "filename"))
            .map(|name| decode_words(&name));
        own.into_iter()
            .chain(self.parts().iter().flat_map(Part::files))
            .collect()
    }
}

fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim().eq_ignore_ascii_case(name)).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Without quotations, the line that introduces them, and the signature.
fn own_words(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        if line.trim_end() == "--" || line == "-- " || line.starts_with("-----Original Message") {
            break;
        }
        if line.starts_with('>') && !line.starts_with(">From ") {
            if lines
                .last()
                .is_some_and(|last| last.trim_end().ends_with(':'))
            {
                lines.pop();
            }
            continue;
        }
        lines.push(
            line.strip_prefix('>')
                .filter(|rest| rest.starts_with("From "))
                .unwrap_or(line),
        );
    }
    lines.join("\n").trim().to_owned()
}

fn without_tags(html: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for c in html
        .replace("<br>", "\n")
        .replace("</p>", "\n")
        .replace("</div>", "\n")
        .chars()
    {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out.replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// =?utf-8?Q?Gr=C3=BC=C3=9Fe?= in headers.
fn decode_words(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(start) = rest.find("=?") {
        let (before, word) = rest.split_at(start);
        let mut parts = word[2..].splitn(4, '?');
        let (Some(charset), Some(kind), Some(data)) = (parts.next(), parts.next(), parts.next())
        else {
            break;
        };
        let length = 2 + charset.len() + 1 + kind.len() + 1 + data.len() + 2;
        if !word.get(..length).is_some_and(|word| word.ends_with("?=")) {
            break;
        }
        if !before.trim().is_empty() || out.is_empty() {
            out.push_str(before);
        }
        let bytes = if kind.eq_ignore_ascii_case("b") {
            base64(data)
        } else {
            quoted_printable(&data.replace('_', " "))
        };
        let encoding =
            encoding_rs::Encoding::for_label(charset.as_bytes()).unwrap_or(encoding_rs::UTF_8);
        out.push_str(&encoding.decode(&bytes).0);
        rest = &word[length..];
    }
    out.push_str(rest);
    out
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex =
            || u8::from_str_radix(std::str::from_utf8(bytes.get(at + 1..at + 3)?).ok()?, 16).ok();
        match bytes[at] {
            b'=' if bytes.get(at + 1) == Some(&b'\n') => at += 2,
            b'=' if bytes.get(at + 1..at + 3) == Some(b"\r\n") => at += 3,
            b'=' if hex().is_some() => {
                out.extend(hex());
                at += 3;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

fn base64(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    out
}
