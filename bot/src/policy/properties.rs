//! What holds whatever the customer writes and wherever the case stands.

use proptest::prelude::*;

use super::tests::{flow, now, said, state, turn};
use super::*;
use crate::erp::Invoice;

const PERSON: [&str; 16] = [
    "atendente",
    "atendentes",
    "humano",
    "humana",
    "pessoa",
    "operador",
    "agent",
    "human",
    "person",
    "someone",
    "persona",
    "falar com alguém",
    "atendete",
    "representative",
    "um ser humano",
    "falar com um agente",
];

/// A word with letters in any case, accents put on vowels, in signs or among other words.
fn disguised() -> impl Strategy<Value = String> {
    (
        prop::sample::select(&PERSON[..]),
        any::<u64>(),
        "[ !?.,;:🙏\n]{0,5}",
        "([a-zà-ú]{1,9} ){0,4}",
    )
        .prop_map(|(word, dice, signs, before)| {
            let letter = |(place, c): (usize, char)| {
                let die = dice >> (place * 2 % 62) & 3;
                let c = if die & 1 == 1 {
                    c.to_uppercase().next().unwrap_or(c)
                } else {
                    c
                };
                let accent = (die & 2 == 2 && "aeiouAEIOU".contains(c)).then_some('\u{301}');
                std::iter::once(c).chain(accent)
            };
            format!(
                "{before}{signs}{}{signs}",
                word.chars()
                    .enumerate()
                    .flat_map(letter)
                    .collect::<String>()
            )
        })
}

fn anywhere() -> impl Strategy<Value = Option<State>> {
    let node = prop::sample::select(&["menu", "mais", "fatura", "gone", ""][..]);
    let english = any::<bool>();
    prop::option::of((node, english, 0..30i32, 0..5i32).prop_map(
        |(node, english, turns, stuck)| State {
            locale: if english { Locale::En } else { Locale::PtBr },
            turns,
            turns_without_progress: stuck,
            ..state(node)
        },
    ))
}

fn anything() -> impl Strategy<Value = Content> {
    prop_oneof![
        any::<String>().prop_map(|text| said(&text)),
        "[a-z0-9 ]{0,20}".prop_map(|text| said(&text)),
        prop::sample::select(
            &[
                "oi", "boleto", "internet", "1", "2", "4", "menu", "sim", "não", "obrigado",
                "english"
            ][..]
        )
        .prop_map(said),
        "(menu|mais|gone)\\.(fatura|conexao|idioma|menu|nao|x)".prop_map(|id| Content::Choice {
            id,
            title: "x".to_owned()
        }),
        Just(Content::Location {
            latitude: -23.5,
            longitude: -46.6,
            name: None,
            address: None
        }),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let invoice = (
        0..400u64,
        any::<i64>(),
        any::<bool>(),
        prop::option::of(".{0,600}"),
        prop::option::of(".{0,600}"),
    );
    let invoice = invoice.prop_map(|(days, amount_cents, overdue, pix_code, url)| Invoice {
        due_date: now().date_naive() + chrono::Days::new(days),
        overdue,
        amount_cents,
        currency: "BRL".to_owned(),
        pix_code,
        url,
    });
    prop_oneof![
        prop::collection::vec(invoice, 0..12).prop_map(Answer::Invoices),
        Just(Answer::NotFound),
        Just(Answer::Failed),
        Just(Answer::NotConnected),
    ]
}

fn fits(content: &Content) -> bool {
    let chars = |text: &str| text.chars().count();
    match content {
        Content::Text { text } => (1..=4096).contains(&chars(text)),
        Content::Buttons { text, buttons, .. } => {
            (1..=1024).contains(&chars(text))
                && (1..=3).contains(&buttons.len())
                && buttons.iter().all(|button| {
                    (1..=20).contains(&chars(&button.title)) && button.id.len() <= 256
                })
        }
        Content::List {
            text,
            open_label,
            sections,
            ..
        } => {
            let rows = || sections.iter().flat_map(|section| &section.rows);
            (1..=4096).contains(&chars(text))
                && (1..=20).contains(&chars(open_label))
                && (1..=10).contains(&rows().count())
                && rows().all(|row| (1..=24).contains(&chars(&row.title)) && row.id.len() <= 200)
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn whoever_asks_for_a_person_gets_one(word in disguised(), state in anywhere(), before in prop::collection::vec(anything(), 0..3), after in prop::collection::vec(anything(), 0..3)) {
        let flow = flow();
        let messages: Vec<Content> = before.into_iter().chain([said(&word)]).chain(after).collect();
        let decision = decide(&turn(flow, state.as_ref(), &messages));
        prop_assert!(matches!(&decision.action, Action::HandOff(to) if to.reason == HandoffReason::Requested), "{word:?}");
        prop_assert!(decision.replies.is_empty(), "nothing is asked first");
    }

    #[test]
    fn one_turn_yields_few_messages_that_fit(state in anywhere(), messages in prop::collection::vec(anything(), 0..6), answer in answer()) {
        let flow = flow();
        let turn = turn(flow, state.as_ref(), &messages);
        let decision = conclude(&turn, decide(&turn), &answer);
        prop_assert!(decision.replies.len() <= MAX_REPLIES);
        prop_assert!(decision.replies.iter().all(fits), "{:?}", decision.replies);
        prop_assert!(!matches!(decision.action, Action::CallErp(_)), "the ERP is asked once");
        let acts = !decision.replies.is_empty() || matches!(decision.action, Action::HandOff(_) | Action::Close);
        prop_assert_eq!(acts, !messages.is_empty(), "an answer, and only to something");
    }

    #[test]
    fn whoever_gets_nowhere_reaches_a_person(state in anywhere(), nonsense in prop::collection::vec("[bcdfghjklmpqrvwxz]{5,9}", 3)) {
        let flow = flow();
        let mut current = state;
        let mut reached = false;
        for words in nonsense {
            let decision = decide(&turn(flow, current.as_ref(), &[said(&words)]));
            reached |= matches!(decision.action, Action::HandOff(_));
            current = Some(decision.next);
        }
        prop_assert!(reached);
    }

    #[test]
    fn no_conversation_goes_on_for_ever_without_a_person(messages in prop::collection::vec(anything(), 60)) {
        let flow = flow();
        let mut current: Option<State> = None;
        let mut turns = 0;
        for message in messages {
            let heard = [message];
            let turn = turn(flow, current.as_ref(), &heard);
            let decision = conclude(&turn, decide(&turn), &Answer::NotFound);
            turns = if matches!(decision.action, Action::HandOff(_) | Action::Close) { 0 } else { turns + 1 };
            prop_assert!(turns <= MAX_TURNS);
            current = Some(decision.next);
        }
    }

    #[test]
    fn folding_twice_is_folding_once(text in any::<String>()) {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }
}
