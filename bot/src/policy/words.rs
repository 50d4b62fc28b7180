//! Reads words: folds case and accents, tells who wants a person, who greets, who thanks, and in which language.
//!
//! Promises: "atendente", "humano", "pessoa", "agent", "human" and the like are found whatever their case, accents,
//! letter forms and punctuation. Does not: understand sentences: "não quero falar com atendente" reaches a person too,
//! which costs a minute of an agent, where the contrary mistake would cost the customer.

use balcao_core::model::Locale;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest text that is looked at, in characters; the rest cannot change what was understood.
const READ_CHARS: usize = 4_096;

/// Words and phrases that ask for a person wherever they stand.
const PERSON: [&str; 34] = [
    "atendente",
    "atendentes",
    "atentende",
    "antendente",
    "humano",
    "humana",
    "humanos",
    "pessoa",
    "pessoas",
    "operador",
    "falar com alguem",
    "fala com alguem",
    "tem alguem ai",
    "alguem ai",
    "alguem me atende",
    "falar com agente",
    "falar com um agente",
    "falar com uma agente",
    "atendimento pessoal",
    "suporte tecnico",
    "agent",
    "agents",
    "human",
    "humans",
    "person",
    "people",
    "representative",
    "operator",
    "somebody",
    "someone",
    "live chat",
    "persona",
    "hablar con alguien",
    "hablar con un agente",
];
/// Those that ask for a person only when nothing else is said: "agente" is also how many write "a gente".
const PERSON_ALONE: [&str; 5] = ["agente", "um agente", "atendimento", "suporte", "support"];
/// The word that people misspell most.
const MISSPELT: &str = "atendente";

const GREETINGS: &str = "oi oie ola opa eai alo bom boa dia tarde noite tudo bem hi hello hey good morning \
    afternoon evening there hola buenos dias ok okay beleza blz certo";
const MENU: [&str; 12] = [
    "menu",
    "inicio",
    "opcoes",
    "opcao",
    "voltar",
    "ver menu",
    "comecar",
    "recomecar",
    "ajuda",
    "start",
    "back",
    "help",
];
const THANKS: &str = "obrigado obrigada obg brigado brigada valeu vlw muito tchau ate mais logo ok okay beleza \
    blz certo show perfeito otimo de nada thanks thank you very much bye gracias";
/// Of those, the ones that mean it; the others only stand beside them.
const THANKS_PROPER: &str =
    "obrigado obrigada obg brigado brigada valeu vlw tchau thanks thank bye gracias";
const PORTUGUESE: &str = "oi ola bom boa tarde noite quero queria preciso minha meu nao sim obrigado obrigada por \
    favor fatura boleto conta segunda via conexao esta estou caiu lenta lento como voce \
    voces ajuda com sem para pra uma que aqui tem atendente falar";
const ENGLISH: &str = "hi hello hey good morning afternoon evening my the is i im need want would like please \
    thanks thank invoice bill help slow down can you not working with have how what \
    connection speak talk to agent human person it";

/// Lower case, no accents, no punctuation, single spaces: "2ª Via, POR FAVOR!" becomes "2a via por favor".
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::new();
    let mut gap = false;
    for c in text
        .chars()
        .take(READ_CHARS)
        .nfkd()
        .flat_map(char::to_lowercase)
        .nfkd()
    {
        if c.is_alphanumeric() {
            if gap && !folded.is_empty() {
                folded.push(' ');
            }
            gap = false;
            folded.push(c);
        } else if !is_combining_mark(c) && !is_invisible(c) {
            gap = true;
        }
    }
    folded
}

/// Characters that join or split nothing: soft hyphen, zero-width ones, direction marks, variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Whether a folded phrase stands in folded words, at word borders.
#[must_use]
pub fn contains(words: &str, phrase: &str) -> bool {
    !phrase.is_empty()
        && words.match_indices(phrase).any(|(at, _)| {
            let before = words[..at].chars().next_back();
            let after = words[at + phrase.len()..].chars().next();
            before.is_none_or(|c| c == ' ') && after.is_none_or(|c| c == ' ')
        })
}

/// Whether somebody asks for a person.
#[must_use]
pub fn wants_person(words: &str) -> bool {
    PERSON_ALONE.contains(&words)
        || PERSON.iter().any(|phrase| contains(words, phrase))
        || words.split(' ').any(|word| one_slip(word, MISSPELT))
}

/// Whether two words differ by at most one letter left out, put in, changed, or swapped with its neighbour.
fn one_slip(word: &str, right: &str) -> bool {
    let (word, right): (Vec<char>, Vec<char>) = (word.chars().collect(), right.chars().collect());
    let same_start = word.iter().zip(&right).take_while(|(a, b)| a == b).count();
    let (word, right) = (&word[same_start..], &right[same_start..]);
    let same_end = word
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (word, right) = (
        &word[..word.len() - same_end],
        &right[..right.len() - same_end],
    );
    match (word, right) {
        ([], []) | ([_], [] | [_]) | ([], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// Whether a word is one of a list.
fn among(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// Whether this is a greeting and nothing else.
#[must_use]
pub fn greets(words: &str) -> bool {
    !words.is_empty()
        && words
            .split(' ')
            .all(|word| among(GREETINGS, &squeeze(word)))
}

/// Whether somebody asks for the menu.
#[must_use]
pub fn wants_menu(words: &str) -> bool {
    MENU.contains(&words)
}

/// Whether this is thanks or a farewell and nothing else.
#[must_use]
pub fn thanks(words: &str) -> bool {
    let all = words
        .split(' ')
        .all(|word| among(THANKS, word) || among(GREETINGS, word));
    all && words.split(' ').any(|word| among(THANKS_PROPER, word))
}

/// "oiiii" is "oi".
fn squeeze(word: &str) -> String {
    let mut squeezed = String::new();
    for c in word.chars() {
        if !squeezed.ends_with(c) {
            squeezed.push(c);
        }
    }
    // words that are written with a double letter
    match squeezed.as_str() {
        "helo" => "hello".to_owned(),
        "god" => "good".to_owned(),
        "afternon" => "afternoon".to_owned(),
        _ => squeezed,
    }
}

/// The number that a message is, alone or after "opção": the place of an answer, from 1.
#[must_use]
pub fn number(words: &str) -> Option<usize> {
    let bare = ["opcao ", "option ", "numero ", "number "]
        .iter()
        .find_map(|prefix| words.strip_prefix(prefix));
    let bare = bare.unwrap_or(words);
    (bare.len() <= 2)
        .then(|| bare.parse().ok())
        .flatten()
        .filter(|number| *number > 0)
}

/// The language that these words are plainly of: by `margin` words more than of the other. `None` leaves it as it is.
#[must_use]
pub fn language(words: &str, margin: usize) -> Option<Locale> {
    let count = |of: &str| words.split(' ').filter(|word| among(of, word)).count();
    let (portuguese, english) = (count(PORTUGUESE), count(ENGLISH));
    if english >= portuguese + margin {
        Some(Locale::En)
    } else if portuguese >= english + margin {
        Some(Locale::PtBr)
    } else {
        None
    }
}

/// The language that these words name.
#[must_use]
pub fn named_language(words: &str) -> Option<Locale> {
    let names = [
        ("english", Locale::En),
        ("ingles", Locale::En),
        ("portugues", Locale::PtBr),
        ("portuguese", Locale::PtBr),
    ];
    names
        .into_iter()
        .find(|(name, _)| contains(words, name))
        .map(|(_, locale)| locale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_leaves_letters_digits_and_single_spaces() {
        for (text, folded) in [
            ("2ª Via, POR FAVOR!", "2a via por favor"),
            ("  Conexão\n\tCAIU ", "conexao caiu"),
            ("1️⃣", "1"),
            ("a\u{301}tendente", "atendente"),
            ("aten\u{200b}dente", "atendente"),
            ("𝗔𝘁𝗲𝗻𝗱𝗲𝗻𝘁𝗲", "atendente"),
            ("🙋", ""),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn a_person_is_asked_for_in_many_ways() {
        for text in [
            "atendente",
            "ATENDENTE!",
            "Quero falar com um atendente",
            "atendete",
            "atendentw",
            "atnedente",
            "humano",
            "quero um ser HUMANO",
            "uma pessoa de verdade",
            "Tem alguém aí?",
            "agent",
            "I want a human, please",
            "Can I talk to a person?",
            "someone please",
            "agente",
            "suporte",
            "Quiero hablar con una persona",
        ] {
            assert!(wants_person(&fold(text)), "{text}");
        }
    }

    #[test]
    fn other_words_do_not_ask_for_a_person() {
        for text in [
            "agente está sem internet",
            "vocês estão atendendo hoje?",
            "pessoal, caiu",
            "boleto",
            "personalizado",
            "",
        ] {
            assert!(!wants_person(&fold(text)), "{text}");
        }
    }

    #[test]
    fn greetings_and_thanks_are_whole_messages() {
        assert!(
            greets(&fold("Oiiii, bom dia!!"))
                && greets(&fold("Hello there"))
                && greets(&fold("good afternoon"))
        );
        assert!(!greets(&fold("bom dia, meu boleto")) && !greets(""));
        assert!(thanks(&fold("Muito obrigada! 🙏")) && thanks(&fold("ok, valeu, boa noite")));
        assert!(
            !thanks(&fold("obrigado, mas continua sem sinal"))
                && !thanks(&fold("boa noite"))
                && !thanks("")
        );
    }

    #[test]
    fn a_number_stands_alone_or_after_the_word_option() {
        assert_eq!(number(&fold("2")), Some(2));
        assert_eq!(number(&fold("Opção 10.")), Some(10));
        for text in ["0", "2a via", "12345678901", "", "um 2"] {
            assert_eq!(number(&fold(text)), None, "{text}");
        }
    }

    #[test]
    fn a_language_is_told_only_when_it_is_plain() {
        assert_eq!(
            language(&fold("Hi, my internet is down"), 1),
            Some(Locale::En)
        );
        assert_eq!(
            language(&fold("Oi, minha internet caiu"), 1),
            Some(Locale::PtBr)
        );
        assert_eq!(language(&fold("internet"), 1), None);
        assert_eq!(language(&fold("help"), 2), None);
    }
}
