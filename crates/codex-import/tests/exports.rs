//! What comes out of exports as programs write them: who said what, when and where, and what is left out.

use std::fs;
use std::path::Path;

use codex_import::{DateOrder, Item, Settings, read_paths};

struct Read {
    /// Time, speaker, content.
    records: Vec<(String, String, String)>,
    sessions: Vec<String>,
    keys: Vec<String>,
    left_out: Vec<&'static str>,
    rejected: Vec<String>,
    notes: Vec<String>,
}

fn read_with(files: &[(&str, &[u8])], settings: &Settings) -> Read {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let mut read = Read {
        records: Vec::new(),
        sessions: Vec::new(),
        keys: Vec::new(),
        left_out: Vec::new(),
        rejected: Vec::new(),
        notes: Vec::new(),
    };
    for item in read_paths(&[folder.path().to_path_buf()], settings).unwrap() {
        match item {
            Item::Record(record) => {
                let time = record.created_at.map_or_else(String::new, |time| {
                    time.format("%Y-%m-%d %H:%M").to_string()
                });
                read.records
                    .push((time, record.speaker.unwrap_or_default(), record.content));
                read.sessions.push(record.session.unwrap_or_default());
                read.keys.push(record.key.unwrap_or_default());
            }
            Item::LeftOut(left) => read.left_out.push(left.kind),
            Item::Rejection(rejection) => read.rejected.push(rejection.reason),
            Item::Note(note) => read.notes.push(note.text),
        }
    }
    read
}

fn read(files: &[(&str, &str)]) -> Read {
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    read_with(&files, &Settings::default())
}

fn records(expected: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    expected
        .iter()
        .map(|(time, speaker, content)| {
            (
                (*time).to_owned(),
                (*speaker).to_owned(),
                (*content).to_owned(),
            )
        })
        .collect()
}

#[test]
fn whatsapp_is_read_in_the_stamps_of_many_languages() {
    for (text, expected) in [
        (
            "17.11.23, 19:05 - Berta: Der Ofen zieht wieder.\n18.11.23, 07:10 - Ulf: Fein.\n",
            "2023-11-17 19:05",
        ),
        (
            "[17.11.23, 19:05:44] Berta: Der Ofen zieht wieder.\n",
            "2023-11-17 19:05",
        ),
        (
            "11/17/23, 7:05\u{202f}PM - Berta: The stove draws again.\n",
            "2023-11-17 19:05",
        ),
        (
            "17/11/2023 7:05 p. m. - Berta: El horno tira otra vez.\n",
            "2023-11-17 19:05",
        ),
        (
            "17-11-2023 19:05 - Berta: De kachel trekt weer.\n",
            "2023-11-17 19:05",
        ),
        (
            "17.11.2023 klo 19.05 - Berta: Uuni vetää taas.\n",
            "2023-11-17 19:05",
        ),
        (
            "2023/11/17 下午7:05 - Berta: 炉子又通了。\n",
            "2023-11-17 19:05",
        ),
        (
            "2023/11/17, 19:05 - Berta: ストーブがつきました。\n",
            "2023-11-17 19:05",
        ),
        (
            "2023. 11. 17. 오후 7:05 - Berta: 난로가 다시 됩니다.\n",
            "2023-11-17 19:05",
        ),
        (
            "[٢٠٢٣/١١/١٧، ٧:٠٥:٤٤ م] Berta: المدفأة تعمل\n",
            "2023-11-17 19:05",
        ),
        (
            "17.11.2023, 19:05 - Berta: Печь снова тянет.\n",
            "2023-11-17 19:05",
        ),
    ] {
        let read = read(&[("WhatsApp Chat with Berta.txt", text)]);
        assert_eq!(read.rejected, Vec::<String>::new(), "{text}");
        assert_eq!(
            (read.records[0].0.as_str(), read.records[0].1.as_str()),
            (expected, "Berta"),
            "{text}"
        );
        assert_eq!(read.sessions[0], "Berta");
    }
}

#[test]
fn whatsapps_own_words_are_no_memories_and_a_caption_is_one() {
    let chat = "3/4/24, 08:00 - Messages and calls are end-to-end encrypted.\n\
        3/13/24, 08:01 - Ida: The hedge is cut.\nAll of it.\n\
        3/13/24, 08:02 - Ida: <Media omitted>\n\
        3/13/24, 08:03 - Ida: This message was deleted\n\
        3/13/24, 08:04 - Ida: IMG-20240313-WA0001.jpg (file attached)\nThe new gate\n\
        3/13/24, 08:05 - Ida added Ole\n";
    let read = read(&[("WhatsApp Chat with Ida.txt", chat)]);
    assert_eq!(
        read.records,
        records(&[
            ("2024-03-13 08:01", "Ida", "The hedge is cut.\nAll of it."),
            ("2024-03-13 08:04", "Ida", "The new gate")
        ])
    );
    assert_eq!(read.left_out, ["notices", "media", "deleted", "notices"]);
}

#[test]
fn a_stamp_that_is_not_understood_is_reported_and_never_glued_to_the_text_before_it() {
    let chat = "13/03/24, 08:01 - Ida: The hedge is cut.\n13~03~24 bis, 08:02 - Ole: Good.\n13.03.24//2, 08:03 - Ole: And the gate.\n";
    let read = read(&[("_chat.txt", chat)]);
    assert!(
        read.rejected
            .iter()
            .any(|reason| reason.contains("13.03.24//2")),
        "{:?}",
        read.rejected
    );
    assert!(!read.records[0].2.contains("And the gate"));
}

#[test]
fn the_order_of_day_and_month_is_found_from_the_whole_file_or_asked_for() {
    let open = "4/5/24, 10:00 - Ida: One.\n4/5/24, 10:01 - Ole: Two.\n";
    let doubtful = read(&[("chat.txt", open)]);
    assert!(doubtful.records.is_empty() && doubtful.rejected[0].contains("--date-order"));
    let settings = Settings {
        date_order: Some(DateOrder::MonthFirst),
        ..Settings::default()
    };
    assert_eq!(
        read_with(&[("chat.txt", open.as_bytes())], &settings).records[0].0,
        "2024-04-05 10:00"
    );
    let table = read(&[("t.csv", "Date,Text\n4/5/2024,First\n4/25/2024,Second\n")]);
    assert_eq!(table.records[0].0, "2024-04-05 00:00");
}

#[test]
fn diaries_are_dated_in_the_languages_people_write_in() {
    for (heading, expected) in [
        ("Montag, 4. November 2024", "2024-11-04 00:00"),
        ("lunedì 4 novembre 2024", "2024-11-04 00:00"),
        ("4 de novembro de 2024", "2024-11-04 00:00"),
        ("poniedziałek, 4 marca 2024", "2024-03-04 00:00"),
        ("4 ноября 2024 г.", "2024-11-04 00:00"),
        ("4 Kasım 2024", "2024-11-04 00:00"),
        ("2024年11月4日", "2024-11-04 00:00"),
        ("2024년 11월 4일", "2024-11-04 00:00"),
        ("4. marraskuuta 2024", "2024-11-04 00:00"),
    ] {
        let read = read(&[("diary.md", &format!("## {heading}\n\nThe pears are in.\n"))]);
        assert_eq!(
            read.records.first().map(|record| record.0.as_str()),
            Some(expected),
            "{heading}: {:?}",
            read.rejected
        );
    }
    let unread = read(&[(
        "diary.md",
        "---\ndate: 2024-01-01\n---\n## 4. Nebelung 2024\n\nThe pears are in.\n",
    )]);
    assert!(
        unread.records.is_empty() && unread.rejected[0].contains("4. Nebelung 2024"),
        "{:?}",
        unread.records
    );
}

#[test]
fn numbers_of_versions_are_no_dates_and_templates_no_memories() {
    let log = "---\ncreated: 2024-02-02\n---\n## 2024.14.2\n\nA new pump.\n\n## 2024.11.4\n\nA new valve.\n";
    let read = read(&[
        ("Versions.md", log),
        (
            "Templates/day.md",
            "---\ndate: {{date}}\n---\n# {{title}}\n",
        ),
    ]);
    assert!(
        read.records
            .iter()
            .all(|record| record.0 == "2024-02-02 00:00"),
        "{:?}",
        read.records
    );
    assert_eq!(read.left_out, ["blank"]);
}

#[test]
fn claude_code_gives_what_was_said_and_leaves_the_harness_out() {
    let line = |uuid: &str, kind: &str, content: &str, more: &str| {
        format!(
            "{{\"type\":\"{kind}\",\"uuid\":\"{uuid}\",\"sessionId\":\"s-1\",\"timestamp\":\"2026-02-03T04:05:06Z\",\"message\":{{\"role\":\"{kind}\",\"content\":{content}}}{more}}}\n"
        )
    };
    let log = [
        line("a", "user", "\"Paint the fence green.\"", ""),
        line("b", "user", "\"<command-name>/clear</command-name>\"", ""),
        line(
            "c",
            "assistant",
            "[{\"type\":\"thinking\",\"thinking\":\"hm\"}]",
            "",
        ),
        line(
            "d",
            "assistant",
            "[{\"type\":\"text\",\"text\":\"It is green now.\"}]",
            "",
        ),
        line(
            "e",
            "user",
            "[{\"type\":\"tool_result\",\"content\":\"ok\"}]",
            "",
        ),
        line(
            "f",
            "user",
            "\"Summary so far\"",
            ",\"isCompactSummary\":true",
        ),
        line("g", "user", "\"Look for brushes\"", ",\"isSidechain\":true"),
        line("h", "user", "\"note\"", ",\"isMeta\":true"),
    ]
    .concat();
    let read = read(&[("projects/p/s-1.jsonl", &log)]);
    assert_eq!(
        read.records
            .iter()
            .map(|record| record.2.as_str())
            .collect::<Vec<_>>(),
        ["Paint the fence green.", "It is green now."]
    );
    assert_eq!(
        read.left_out,
        [
            "harness",
            "thinking",
            "tools",
            "summaries",
            "subagents",
            "harness"
        ]
    );
    let settings = Settings {
        include: vec!["subagents".into()],
        ..Settings::default()
    };
    assert_eq!(
        read_with(&[("s.jsonl", log.as_bytes())], &settings)
            .records
            .len(),
        3
    );
}

#[test]
fn gemini_cli_gives_the_conversation_as_it_ended() {
    let log = "{\"sessionId\":\"s\",\"projectHash\":\"h\",\"startTime\":\"2026-02-03T04:00:00Z\"}\n\
        {\"id\":\"1\",\"timestamp\":\"2026-02-03T04:00:01Z\",\"type\":\"user\",\"content\":[{\"text\":\"How deep is the well?\"}]}\n\
        {\"id\":\"2\",\"timestamp\":\"2026-02-03T04:00:02Z\",\"type\":\"gemini\",\"content\":\"Nine\"}\n\
        {\"id\":\"2\",\"timestamp\":\"2026-02-03T04:00:02Z\",\"type\":\"gemini\",\"content\":\"Nine metres.\"}\n\
        {\"id\":\"3\",\"timestamp\":\"2026-02-03T04:00:03Z\",\"type\":\"user\",\"content\":\"And the pond?\"}\n\
        {\"$rewindTo\":\"3\"}\n";
    let read = read(&[("chats/session-1.jsonl", log)]);
    assert_eq!(
        read.records,
        records(&[
            ("2026-02-03 04:00", "user", "How deep is the well?"),
            ("2026-02-03 04:00", "gemini", "Nine metres.")
        ])
    );
}

#[test]
fn exports_of_chats_name_people_channels_and_ids() {
    let slack = read(&[
        (
            "users.json",
            r#"[{"id":"U7","name":"ida","profile":{"display_name":"Ida"}}]"#,
        ),
        ("channels.json", r#"[{"id":"C1","name":"garden"}]"#),
        (
            "garden/2024-03-13.json",
            r#"[{"type":"message","user":"U7","text":"Ask <@U7> about <https://example.org|seeds> &amp; soil","ts":"1710316800.000100"},{"type":"message","subtype":"channel_join","user":"U7","text":"joined","ts":"1710316801.000100"}]"#,
        ),
    ]);
    assert_eq!(
        slack.records,
        records(&[(
            "2024-03-13 08:00",
            "Ida",
            "Ask @Ida about seeds (https://example.org) & soil"
        )])
    );
    assert_eq!(
        (slack.sessions[0].as_str(), slack.rejected.len()),
        ("garden", 0)
    );
    let telegram = r#"{"name":"Ida","type":"personal_chat","id":9,"messages":[{"id":1,"type":"message","date":"2024-03-13T08:00:00","date_unixtime":"1710316800","from":"Ida","text":["The ",{"type":"bold","text":"pond"}," froze."]},{"id":2,"type":"service","date":"2024-03-13T08:01:00","date_unixtime":"1710316860","action":"call","text":""}]}"#;
    let read_telegram = read(&[("result.json", telegram)]);
    assert_eq!(
        read_telegram.records,
        records(&[("2024-03-13 08:00", "Ida", "The pond froze.")])
    );
    assert_eq!(read_telegram.keys, ["telegram:9/1"]);
}

#[test]
fn one_bad_field_costs_that_field_and_encodings_are_read() {
    let lines = read(&[(
        "a.jsonl",
        "{\"id\":\"1\",\"content\":\"Half a \\ud83d\",\"created_at\":\"2024-03-13\"}\n{\"id\":\"2\",\"content\":\"Huge\",\"created_at\":\"2024-03-13\",\"metadata\":{\"n\":1e400}}\n",
    )]);
    assert_eq!(
        lines
            .records
            .iter()
            .map(|record| record.2.as_str())
            .collect::<Vec<_>>(),
        ["Half a \u{fffd}", "Huge"]
    );
    let table = read_with(
        &[(
            "t.csv",
            b"sep=;\r\nDatum;Uhrzeit;Notiz\r\n13.03.2024;08:15;Kr\xe4uter ges\xe4t\r\n",
        )],
        &Settings::default(),
    );
    assert_eq!(
        table.records,
        records(&[("2024-03-13 08:15", "", "Kräuter gesät")])
    );
    let serial = read(&[("t.csv", "Date,Text\n45364.5,Noon\n")]);
    assert_eq!(serial.records[0].0, "2024-03-13 12:00");
}

#[test]
fn conversations_lend_their_time_and_undated_ones_take_the_files_when_asked() {
    let read_lent = read(&[(
        "c.jsonl",
        "{\"id\":\"x\",\"created_at\":\"2024-03-13T08:00:00Z\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief\"},{\"role\":\"user\",\"content\":\"When do figs ripen?\"}]}\n",
    )]);
    assert_eq!(
        read_lent.records,
        records(&[("2024-03-13 08:00", "user", "When do figs ripen?")])
    );
    assert_eq!(read_lent.left_out, ["hidden"]);
    let undated = br#"{"messages":[{"role":"user","content":"When do figs ripen?"}]}"#;
    assert_eq!(
        read_with(&[("c.json", undated)], &Settings::default()).records[0].0,
        ""
    );
    let settings = Settings {
        date_from_file: true,
        ..Settings::default()
    };
    assert_ne!(
        read_with(&[("c.json", undated)], &settings).records[0].0,
        ""
    );
}

#[test]
fn mail_is_read_without_what_it_quotes() {
    let mbox = "From ida@example.org Wed Mar 13 08:00:00 2024\nFrom: =?utf-8?q?Ida_Gr=C3=BCn?= <ida@example.org>\nDate: Wed, 13 Mar 2024 09:00:00 +0100\nSubject: Re: Figs\nMessage-ID: <1@example.org>\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nIn M=C3=A4rz they sleep.\n\nOn Tuesday Ole wrote:\n> When do figs ripen?\n";
    let read = read(&[("mail.mbox", mbox)]);
    assert_eq!(
        read.records,
        records(&[(
            "2024-03-13 08:00",
            "Ida Grün",
            "Re: Figs\n\nIn März they sleep."
        )])
    );
    assert_eq!(read.sessions, ["Figs"]);
}

/// A small generator of numbers, the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

#[test]
fn damaged_files_of_every_format_never_stop_the_reader() {
    let seeds: [(&str, &str); 9] = [
        (
            "a.jsonl",
            "{\"id\":\"1\",\"content\":\"The pond froze\",\"created_at\":\"2024-03-13T08:00:00Z\"}\n{\"id\":\"2\",\"content\":\"x\",\"created_at\":1710316800}\n",
        ),
        (
            "WhatsApp Chat.txt",
            "13.03.24, 08:01 - Ida: Hedge.\n[13/03/2024, 08:02:11] Ole: Gate\n2024年3月13日 下午3:04 - x: y\n",
        ),
        (
            "d.md",
            "---\ndate: 2024-03-13\ntags: [a]\n---\n# März\n## 13. März 2024\ntext\n## 08:15\nmore\n",
        ),
        ("t.csv", "Datum;Zeit;Text\n13.03.2024;08:15;\"a;b\"\n"),
        (
            "conversations.json",
            r#"[{"id":"c","mapping":{"r":{"id":"r","parent":null,"children":["m"]},"m":{"id":"m","parent":"r","message":{"id":"m","author":{"role":"user"},"create_time":1710316800.5,"content":{"content_type":"text","parts":["Figs"]}}}},"current_node":"m","title":"t"}]"#,
        ),
        (
            "result.json",
            r#"{"name":"Ida","type":"personal_chat","id":9,"messages":[{"id":1,"type":"message","date_unixtime":"1710316800","from":"Ida","text":["a",{"text":"b"}]}]}"#,
        ),
        (
            "m.mbox",
            "From a Wed Mar 13 08:00:00 2024\nFrom: =?utf-8?b?SWRh?= <a@b>\nDate: Wed, 13 Mar 2024 09:00:00 +0100\nContent-Type: multipart/mixed; boundary=\"x\"\n\n--x\n\nwords\n--x--\n",
        ),
        (
            "journals/2024_03_13.md",
            "- A block\n  id:: 65e7\n\t- below\n- 14:30 Other\n",
        ),
        (
            "s.jsonl",
            "{\"sessionId\":\"s\",\"projectHash\":\"h\"}\n{\"id\":\"1\",\"type\":\"user\",\"timestamp\":\"2024-03-13T08:00:00Z\",\"content\":[{\"text\":\"a\"}]}\n{\"$rewindTo\":\"1\"}\n",
        ),
    ];
    let rounds = if std::env::var_os("CODEX_SOAK").is_some() {
        2_300
    } else {
        25
    };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (name, text) in seeds {
        for _ in 0..rounds {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                match random.below(4) {
                    0 => bytes[at] = random.below(256) as u8,
                    1 => drop(bytes.drain(at..(at + random.below(9)).min(bytes.len()))),
                    2 => bytes.insert(at, b"\"{}[]\\:,\n\r-"[random.below(11)]),
                    _ => bytes.truncate(at.max(1)),
                }
                if bytes.is_empty() {
                    bytes.push(b' ');
                }
            }
            read_with(
                &[(name, &bytes)],
                &Settings {
                    date_from_file: true,
                    ..Settings::default()
                },
            );
        }
    }
}
