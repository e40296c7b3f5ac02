//! What WhatsApp writes in place of a message: omitted media, deleted messages, notices; in the languages of its apps.

use serde_json::json;

use crate::draft::Draft;

/// The platform's own words on iOS begin with this mark.
const PLATFORM: char = '\u{200e}';

/// Parts of the sentences that stand for a deleted message, in lower case.
const DELETED: [&str; 40] = [
    "this message was deleted",
    "you deleted this message",
    "nachricht wurde gelöscht",
    "diese nachricht gelöscht",
    "eliminó este mensaje",
    "eliminaste este mensaje",
    "mensaje fue eliminado",
    "mensaje eliminado",
    "message a été supprimé",
    "supprimé ce message",
    "messaggio è stato eliminato",
    "eliminato questo messaggio",
    "mensagem foi apagada",
    "apagou esta mensagem",
    "mensagem apagada",
    "apagaste esta mensagem",
    "bericht is verwijderd",
    "dit bericht verwijderd",
    "wiadomość została usunięta",
    "usunięto tę wiadomość",
    "usunąłeś tę wiadomość",
    "сообщение удалено",
    "удалили данное сообщение",
    "повідомлення видалено",
    "mesaj silindi",
    "mesajı sildiniz",
    "meddelandet raderades",
    "raderade meddelandet",
    "besked blev slettet",
    "meldingen ble slettet",
    "viesti poistettiin",
    "zpráva byla smazána",
    "消息已删除",
    "删除了这条消息",
    "訊息已刪除",
    "メッセージは削除されました",
    "メッセージを削除しました",
    "삭제된 메시지",
    "تم حذف هذه الرسالة",
    "संदेश हटा दिया",
];

/// Last words of the sentences that stand for omitted media without angle brackets, in lower case.
const OMITTED: [&str; 24] = [
    "omitted",
    "weggelassen",
    "ausgeblendet",
    "omitido",
    "omitida",
    "omitidos",
    "absente",
    "absent",
    "omis",
    "omise",
    "omesso",
    "omessa",
    "omessi",
    "oculta",
    "ocultado",
    "ocultada",
    "weggelaten",
    "pominięto",
    "pominięty",
    "utelämnad",
    "udeladt",
    "utelatt",
    "пропущено",
    "опущено",
];

/// Words for what is omitted, so that no sentence that ends in "omitted" is taken for one.
const MEDIA: [&str; 26] = [
    "image",
    "video",
    "audio",
    "gif",
    "sticker",
    "document",
    "contact",
    "bild",
    "dokument",
    "kontaktkarte",
    "imagen",
    "vídeo",
    "documento",
    "tarjeta",
    "figurinha",
    "imagem",
    "immagine",
    "adesivo",
    "afbeelding",
    "photo",
    "vidéo",
    "autocollant",
    "obraz",
    "изображение",
    "видео",
    "аудио",
];

/// Parts of what says that a message was edited.
const EDITED: [&str; 14] = [
    "edited",
    "bearbeitet",
    "edit",
    "modifié",
    "modificato",
    "editada",
    "bewerkt",
    "edytowan",
    "изменен",
    "düzenlendi",
    "redigera",
    "redigert",
    "编辑",
    "編集",
];

/// Takes the platform's words out of a message, or marks the whole of it as none.
pub(super) fn apply(draft: &mut Draft) {
    let by_platform = draft.content.starts_with(PLATFORM);
    edited(draft);
    attachment(draft);
    let content = draft
        .content
        .trim_matches(|c: char| c == PLATFORM || c == '\u{200f}' || c.is_whitespace())
        .to_owned();
    let lower = content.to_lowercase();
    let one_line = !content.contains('\n');
    let short = one_line && content.chars().count() <= 90;
    if content.is_empty() {
        draft.kind = draft.kind.or(Some("media"));
    } else if short
        && content.starts_with('<')
        && content.ends_with('>')
        && !content[1..].contains('<')
    {
        draft.kind = Some("media");
    } else if short && DELETED.iter().any(|part| lower.contains(part)) {
        draft.kind = Some("deleted");
    } else if short && is_omitted(&lower, by_platform) {
        draft.kind = Some("media");
    } else if draft.kind.is_none() && (by_platform && one_line || is_encryption_notice(&lower)) {
        draft.kind = Some("notices");
    }
    draft.content = content;
}

fn is_omitted(lower: &str, by_platform: bool) -> bool {
    let last = lower
        .trim_end_matches(['.', ' '])
        .rsplit(' ')
        .next()
        .unwrap_or(lower);
    let few = lower.split_whitespace().count() <= 5;
    OMITTED.contains(&last) && few && (by_platform || MEDIA.iter().any(|word| lower.contains(word)))
        || matches!(
            lower,
            "image omise"
                | "图像已忽略"
                | "忽略图片"
                | "画像は含まれていません"
                | "사진 생략"
                | "동영상 생략"
                | "null"
        )
}

fn is_encryption_notice(lower: &str) -> bool {
    let words = [
        "end-to-end encrypted",
        "ende-zu-ende-verschlüsselt",
        "cifrados de extremo a extremo",
        "chiffrés de bout en bout",
        "crittografati end-to-end",
        "criptografia de ponta a ponta",
        "end-to-end versleuteld",
        "защищены сквозным шифрованием",
        "端到端加密",
        "エンドツーエンド",
    ];
    lower.chars().count() <= 250
        && words.iter().any(|word| lower.contains(word))
        && (lower.starts_with("messages")
            || lower.starts_with("nachrichten")
            || lower.starts_with("los mensajes")
            || lower.starts_with("les messages")
            || lower.starts_with("i messaggi")
            || lower.starts_with("as mensagens")
            || lower.starts_with("berichten")
            || lower.starts_with("сообщения")
            || !lower.is_ascii() && lower.chars().count() < 80)
}

/// `‎<This message was edited>` at the end.
fn edited(draft: &mut Draft) {
    let text = draft.content.trim_end();
    let Some(start) = text.rfind('<').filter(|_| text.ends_with('>')) else {
        return;
    };
    let inside = text[start + 1..text.len() - 1].to_lowercase();
    let before = text[..start].trim_end_matches([PLATFORM, '\u{200f}', ' ']);
    let marked = text[..start].ends_with(PLATFORM) || inside.split_whitespace().count() >= 3;
    if marked
        && !before.trim().is_empty()
        && inside.chars().count() <= 60
        && EDITED.iter().any(|part| inside.contains(part))
    {
        draft.content = before.to_owned();
        draft.about("edited", true);
    }
}

/// A file's name: `IMG-1.jpg (file attached)` on the first line, `‎<attached: IMG-1.jpg>` at the end. What else was written
/// is its caption.
fn attachment(draft: &mut Draft) {
    let text = draft.content.trim().trim_start_matches(PLATFORM).to_owned();
    let (first, rest) = text
        .split_once('\n')
        .map_or((text.as_str(), ""), |(first, rest)| (first, rest));
    let is_name = |name: &str| {
        name.rsplit_once('.').is_some_and(|(stem, extension)| {
            !stem.is_empty()
                && (2..=4).contains(&extension.len())
                && extension.bytes().all(|b| b.is_ascii_alphanumeric())
        })
    };
    if let Some((name, note)) = first.trim_end().split_once(" (")
        && note.ends_with(')')
        && is_name(name)
        && note.chars().count() <= 40
    {
        draft.about("attachments", json!([name]));
        draft.content = rest.trim().to_owned();
        return;
    }
    if let Some(start) = text.rfind('<').filter(|_| text.ends_with('>'))
        && let Some((_, name)) = text[start + 1..text.len() - 1].split_once(": ")
        && is_name(name)
    {
        draft.about("attachments", json!([name]));
        draft.content = text[..start].trim_matches([PLATFORM, ' ', '\n']).to_owned();
    }
}
