//! What people write in text messages, and what they mean by it.
//!
//! Only what is no word of its own in French or English stands here: the texts of both go through
//! one table, and examples go through it like messages, so that a word that is written out in
//! neither still is itself.

/// What an abbreviation stands for, both folded; `None` for any other word.
pub(super) fn meaning(word: &[u8]) -> Option<&'static str> {
    let longest = 7;
    if word.len() > longest {
        return None;
    }
    french(word).or_else(|| english(word))
}

fn french(word: &[u8]) -> Option<&'static str> {
    let meant = match word {
        b"auj" | b"ajd" | b"ojd" => "aujourd hui",
        b"ac" | b"avc" => "avec",
        b"bcp" => "beaucoup",
        b"bjr" | b"bnjr" | b"bjour" => "bonjour",
        b"bsn" => "besoin",
        b"bsr" => "bonsoir",
        b"c" => "c est",
        b"cb" => "combien",
        b"chui" | b"jsuis" | b"jsui" => "je suis",
        b"cmd" | b"cde" => "commande",
        b"cmt" | b"comen" | b"koman" => "comment",
        b"dac" | b"dak" => "d accord",
        b"dem" | b"2m1" | b"dm1" => "demain",
        b"dispo" => "disponible",
        b"ds" => "dans",
        b"esk" | b"eske" => "est ce que",
        b"fo" => "faut",
        b"g" => "j ai",
        b"jms" => "jamais",
        b"jne" => "je ne",
        b"jpeu" | b"jpeux" => "je peux",
        b"jveu" | b"jveux" => "je veux",
        b"kan" | b"qd" => "quand",
        b"ke" => "que",
        b"kesk" | b"keske" => "qu est ce que",
        b"kel" | b"kelle" => "quel",
        b"ki" => "qui",
        b"koi" => "quoi",
        b"livr" => "livraison",
        b"mag" => "magasin",
        b"mci" | b"mrc" | b"mrci" => "merci",
        b"mdp" => "mot de passe",
        b"msg" => "message",
        b"mtn" | b"mnt" => "maintenant",
        b"nn" => "non",
        b"ns" => "nous",
        b"num" => "numero",
        b"oki" => "ok",
        b"parcq" | b"pcq" | b"pck" => "parce que",
        b"pb" | b"prob" => "probleme",
        b"pk" | b"pq" | b"pkoi" | b"prkoi" => "pourquoi",
        b"pr" => "pour",
        b"qq" => "quelque",
        b"qqch" | b"qqc" => "quelque chose",
        b"qqn" | b"qq1" => "quelqu un",
        b"rdv" | b"rdvs" => "rendez vous",
        b"ri1" => "rien",
        b"sav" => "service client",
        b"sem" => "semaine",
        b"slt" => "salut",
        b"stp" => "s il te plait",
        b"svp" => "s il vous plait",
        b"tel" => "telephone",
        b"tjrs" | b"tjs" | b"tjr" => "toujours",
        b"tlm" => "tout le monde",
        b"ts" => "tous",
        b"tt" => "tout",
        b"tte" => "toute",
        b"ttes" => "toutes",
        b"ui" | b"wi" | b"voui" => "oui",
        b"vs" => "vous",
        b"wk" => "week end",
        _ => return None,
    };
    Some(meant)
}

fn english(word: &[u8]) -> Option<&'static str> {
    let meant = match word {
        b"acct" => "account",
        b"asap" => "as soon as possible",
        b"b4" => "before",
        b"cud" => "could",
        b"gr8" => "great",
        b"hav" => "have",
        b"l8r" => "later",
        b"pls" | b"plz" => "please",
        b"ppl" => "people",
        b"shud" => "should",
        b"thru" => "through",
        b"thx" | b"tks" | b"thnx" => "thanks",
        b"tmrw" | b"tmr" | b"2moro" => "tomorrow",
        b"u" => "you",
        b"ur" => "your",
        b"wen" => "when",
        b"wud" => "would",
        b"wat" | b"wot" => "what",
        b"ya" => "you",
        b"yr" => "your",
        _ => return None,
    };
    Some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abbreviation_means_its_words_and_a_word_itself() {
        assert_eq!(meaning(b"rdv"), Some("rendez vous"));
        assert_eq!(meaning(b"koi"), Some("quoi"));
        assert_eq!(meaning(b"thx"), Some("thanks"));
        for word in [&b"we"[..], b"colis", b"card", b"", b"rendezvous"] {
            assert_eq!(meaning(word), None);
        }
    }

    #[test]
    fn what_is_written_out_is_not_written_out_again() {
        for word in ["rendez", "vous", "j", "ai", "est", "que", "you", "your", "service"] {
            assert_eq!(meaning(word.as_bytes()), None, "{word}");
        }
    }
}
