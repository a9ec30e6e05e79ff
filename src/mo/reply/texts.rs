//! The texts by language, each one segment of GSM 7-bit.

use crate::mo::keyword::Request;

/// Languages that there are texts in.
#[cfg(test)]
pub const LANGUAGES: [&str; 7] = ["en", "fr", "de", "es", "it", "pt", "nl"];

/// Calling codes of countries most of whose people read a language that there are texts in; of the
/// others it is English. Overseas France stands beside France.
const COUNTRIES: &[(&str, &[&str])] = &[
    ("fr", &["33", "262", "508", "590", "594", "596", "681", "687", "689"]),
    ("fr", &["32", "221", "223", "225", "226", "227", "228", "229", "237", "241", "242", "243"]),
    ("de", &["41", "43", "49", "423"]),
    ("es", &["34", "51", "52", "53", "54", "56", "57", "58", "502", "503", "504", "505", "506"]),
    ("es", &["507", "591", "593", "595", "598"]),
    ("it", &["39", "378"]),
    ("pt", &["55", "238", "244", "258", "351"]),
    ("nl", &["31", "597"]),
];

/// The text to a request.
pub fn of(request: Request, language: Option<&str>, handset: &[u8]) -> &'static str {
    let own = language.and_then(|language| said(request, language));
    let english = || said(request, "en").unwrap_or_default();
    own.or_else(|| said(request, spoken(handset))).unwrap_or_else(english)
}

/// The language of a handset's country.
fn spoken(handset: &[u8]) -> &'static str {
    let digits = handset.strip_prefix(b"+").unwrap_or(handset);
    let calls = |codes: &[&str]| codes.iter().any(|code| digits.starts_with(code.as_bytes()));
    COUNTRIES.iter().find(|(_, codes)| calls(codes)).map_or("en", |(language, _)| language)
}

fn said(request: Request, language: &str) -> Option<&'static str> {
    let [stop, help, start] = match language {
        "en" => [
            "You will get no more marketing messages from {brand|us}. Reply START to get them \
             again.",
            "{brand|This service}: reply STOP for no more marketing messages. Msg & data rates may \
             apply.",
            "You will get messages from {brand|us} again. Reply STOP to end them, HELP for help.",
        ],
        "fr" => [
            "C'est noté : plus de SMS publicitaires de la part de {brand|ce service}. Pour en \
             recevoir à nouveau, répondez START.",
            "{brand|Ce service} : répondez STOP pour ne plus recevoir de SMS publicitaires. Prix \
             d'un SMS selon votre offre.",
            "C'est noté : vous recevrez à nouveau les SMS de {brand|ce service}. Pour les refuser, \
             répondez STOP.",
        ],
        "de" => [
            "Sie erhalten keine Werbung mehr von {brand|uns}. Antworten Sie START, um sie wieder \
             zu erhalten.",
            "{brand|Dieser Dienst}: Antworten Sie STOP, um keine Werbung mehr zu erhalten. Es \
             gelten die Preise Ihres Tarifs.",
            "Sie erhalten wieder Nachrichten von {brand|uns}. Antworten Sie STOP, um sie zu \
             beenden.",
        ],
        "es" => [
            "Ya no recibe publicidad de {brand|este servicio}. Responda START para volver a \
             recibirla.",
            "{brand|Este servicio}: responda STOP para no recibir publicidad. Se aplica el \
             precio normal de un SMS.",
            "Recibe de nuevo los mensajes de {brand|este servicio}. Responda STOP para no \
             recibirlos.",
        ],
        "it" => [
            "Non riceverà più pubblicità da {brand|questo servizio}. Risponda START per riceverla \
             di nuovo.",
            "{brand|Questo servizio}: risponda STOP per non ricevere pubblicità. Costo di un SMS \
             secondo il suo piano.",
            "Riceverà di nuovo i messaggi di {brand|questo servizio}. Risponda STOP per non \
             riceverli.",
        ],
        "pt" => [
            "A publicidade de {brand|este contacto} foi cancelada. Responda START para a receber \
             de novo.",
            "{brand|Este contacto}: responda STOP para cancelar a publicidade. Aplica-se o custo \
             normal de um SMS.",
            "As mensagens de {brand|este contacto} foram retomadas. Responda STOP para as \
             cancelar.",
        ],
        "nl" => [
            "U krijgt geen reclame meer van {brand|ons}. Antwoord START om die weer te krijgen.",
            "{brand|Deze dienst}: antwoord STOP om geen reclame meer te krijgen. Uw gewone \
             sms-tarief geldt.",
            "U krijgt weer berichten van {brand|ons}. Antwoord STOP om ze te stoppen.",
        ],
        _ => return None,
    };
    Some(match request {
        Request::Stop => stop,
        Request::Help => help,
        Request::Start => start,
    })
}
