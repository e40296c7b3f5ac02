//! What spreadsheets and apps in other languages call their columns.

const CONTENT: &str = "inhalt text nachricht eintrag notiz tagebuch texte contenu entrée texto contenido mensaje entrada nota conteúdo \
    mensagem testo contenuto messaggio bericht inhoud tekst treść wiadomość wpis текст сообщение содержание запись повідомлення \
    innehåll meddelande indhold besked innhold melding sisältö viesti teksti içerik mesaj metin κείμενο μήνυμα obsah zpráva szöveg \
    üzenet mesajul isi pesan nội_dung 内容 正文 消息 訊息 本文 メッセージ 내용 메시지 본문 المحتوى الرسالة نص תוכן הודעה संदेश notes entry_text";
const DATE: &str = "datum zeitpunkt zeitstempel fecha data dato päivämäärä pvm tarih дата ημερομηνία dátum data_i_godzina tanggal ngày \
    日期 日付 日時 날짜 일시 التاريخ תאריך दिनांक date_et_heure fecha_y_hora data_e_hora datum_und_uhrzeit dateandtime date/time \
    entry_date created_date full_date";
const TIME: &str = "uhrzeit zeit hora heure ora tijd tid klockslag kello aika saat время час ώρα čas idő waktu giờ 时间 時間 時刻 시간 الوقت שעה समय";
const SPEAKER: &str = "autor autorin verfasser absender von sprecher auteur expéditeur autore mittente remitente remetente afzender \
    nadawca автор отправитель відправник författare avsändare afsender avsender kirjoittaja lähettäjä yazar gönderen αποστολέας \
    odesílatel feladó pengirim người_gửi 作者 发送者 傳送者 寄件者 送信者 発言者 보낸_사람 작성자 المرسل שולח from_name sender_name";
const SESSION: &str = "gespräch unterhaltung chat conversación conversation discussion conversa conversazione gesprek rozmowa чат беседа \
    samtal samtale keskustelu sohbet 会话 對話 会話 대화";

/// The documented name of a column in another language.
pub(super) fn translated(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase().replace(' ', "_");
    let tables = [
        (CONTENT, "text"),
        (DATE, "date"),
        (TIME, "time"),
        (SPEAKER, "author"),
        (SESSION, "thread"),
    ];
    tables
        .into_iter()
        .find(|(names, _)| names.split_whitespace().any(|known| known == name))
        .map(|(_, known)| known)
}
