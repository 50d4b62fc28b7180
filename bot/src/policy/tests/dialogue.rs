//! What is understood, and where it leads.

use balcao_core::model::CallOutcome;
use chrono::TimeDelta;

use super::*;

#[test]
fn the_first_answer_greets_with_the_protocol_and_shows_the_menu_in_one_message() {
    let decision = decide(&turn(flow(), None, &[said("Oi")]));
    assert_eq!(decision.replies.len(), 1);
    let Content::List { text, sections, .. } = &decision.replies[0] else {
        panic!("a list")
    };
    assert!(
        text.starts_with("Bom dia! 👋") && text.contains("2026112000017"),
        "{text}"
    );
    assert_eq!(sections[0].rows[0].title, "2ª via da fatura");
    assert_eq!(
        (
            decision.next.node.as_str(),
            decision.next.turns_without_progress
        ),
        ("menu", 0)
    );
}

#[test]
fn the_greeting_is_said_once_per_case() {
    let decision = at_menu(&[said("bom dia")]);
    assert!(!words(&decision.replies[0]).contains("2026112000017"));
}

#[test]
fn whoever_calls_is_shown_the_menu() {
    let call = Content::Call {
        inbound: true,
        outcome: CallOutcome::Missed,
        duration_seconds: None,
    };
    let decision = at_menu(&[call]);
    assert!(matches!(decision.replies[0], Content::List { .. }));
    assert_eq!(decision.next.turns_without_progress, 0);
}

#[test]
fn the_time_of_day_is_the_customers() {
    for (hour, expected) in [
        (5, "Boa noite"),
        (9, "Bom dia"),
        (15, "Boa tarde"),
        (21, "Boa noite"),
    ] {
        let (flow, said) = (flow(), [said("oi")]);
        let at = "2026-11-20T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hour);
        let decision = decide(&Turn {
            now: at,
            ..turn(flow, None, &said)
        });
        assert!(
            words(&decision.replies[0]).starts_with(expected),
            "{hour} h UTC"
        );
    }
}

#[test]
fn answers_are_understood_by_tap_number_title_and_keyword() {
    let messages = [
        tap("menu.fatura"),
        said("1"),
        said("opção 1"),
        said("2ª via da fatura"),
        said("me manda o BOLETO pfv"),
    ];
    for message in messages {
        assert_eq!(
            query(&at_menu(std::slice::from_ref(&message))),
            Some(Query::Invoices),
            "{}",
            message.preview(40)
        );
    }
    for message in [
        "2",
        "minha conexão",
        "a internet CAIU",
        "tá lenta demais",
        "my internet is down",
    ] {
        assert_eq!(
            query(&at_menu(&[said(message)])),
            Some(Query::Line),
            "{message}"
        );
    }
}

#[test]
fn the_answer_with_more_keywords_wins_and_the_earlier_of_equals() {
    assert_eq!(
        query(&at_menu(&[said("boleto da internet")])),
        Some(Query::Invoices)
    );
    assert_eq!(
        query(&at_menu(&[said("já vi a conta, mas a internet caiu")])),
        Some(Query::Line)
    );
}

#[test]
fn a_tap_on_an_older_question_still_works_and_one_of_another_flow_does_not() {
    let (flow, mais) = (flow(), state("mais"));
    assert_eq!(
        query(&decide(&turn(flow, Some(&mais), &[tap("menu.conexao")]))),
        Some(Query::Line)
    );
    assert_eq!(
        decide(&turn(flow, Some(&mais), &[tap("gone.away")]))
            .next
            .turns_without_progress,
        1
    );
}

#[test]
fn several_short_messages_get_one_answer() {
    let decision = at_menu(&[
        said("oi"),
        said("tudo bem?"),
        said("minha internet"),
        said("caiu"),
    ]);
    assert_eq!(query(&decision), Some(Query::Line));
    let decision = at_menu(&[said("oi"), said("bom dia")]);
    assert_eq!(decision.replies.len(), 1);
}

#[test]
fn a_person_is_reached_at_once_with_the_reason() {
    for first in [None, Some(state("menu")), Some(state("mais"))] {
        let flow = flow();
        let decision = decide(&turn(
            flow,
            first.as_ref(),
            &[said("boleto"), said("quero um ATENDENTE")],
        ));
        assert_eq!(reason(&decision), Some(HandoffReason::Requested));
        assert_eq!(decision.replies, []);
    }
    assert_eq!(
        reason(&at_menu(&[tap("menu.atendente")])),
        Some(HandoffReason::Requested)
    );
    assert_eq!(
        reason(&at_menu(&[said("3")])),
        Some(HandoffReason::Requested)
    );
    assert_eq!(
        reason(&at_menu(&[photo(Some("atendente por favor"))])),
        Some(HandoffReason::Requested)
    );
}

#[test]
fn what_people_do_goes_to_people() {
    assert_eq!(
        reason(&at_menu(&[said("quero cancelar meu plano")])),
        Some(HandoffReason::Flow)
    );
}

#[test]
fn three_turns_without_progress_reach_a_person() {
    let flow = flow();
    let mut current = None;
    for expected in [None, None, Some(HandoffReason::NoProgress)] {
        let decision = decide(&turn(flow, current.as_ref(), &[said("xyz")]));
        assert_eq!(reason(&decision), expected);
        current = Some(decision.next);
    }
}

#[test]
fn progress_starts_the_count_anew() {
    let stuck = State {
        turns_without_progress: 2,
        ..state("menu")
    };
    let decision = decide(&turn(flow(), Some(&stuck), &[said("boleto")]));
    assert_eq!(decision.next.turns_without_progress, 0);
}

#[test]
fn twenty_turns_without_a_person_reach_one() {
    let flow = flow();
    let many = State {
        turns: MAX_TURNS,
        ..state("menu")
    };
    assert_eq!(
        reason(&decide(&turn(flow, Some(&many), &[said("menu")]))),
        Some(HandoffReason::NoProgress)
    );
    let fewer = State {
        turns: MAX_TURNS - 1,
        ..state("menu")
    };
    assert_eq!(
        reason(&decide(&turn(flow, Some(&fewer), &[said("menu")]))),
        None
    );
}

#[test]
fn what_cannot_be_read_is_said_and_counts_as_no_progress() {
    let decision = at_menu(&[photo(None)]);
    assert!(words(&decision.replies[0]).starts_with("Recebi, obrigado!"));
    assert_eq!(decision.next.turns_without_progress, 1);
    assert_eq!(
        query(&at_menu(&[photo(Some("meu boleto"))])),
        Some(Query::Invoices),
        "a caption is read"
    );
}

#[test]
fn what_is_not_understood_is_said_only_after_the_greeting() {
    assert!(words(&at_menu(&[said("xyz")]).replies[0]).starts_with("Desculpe, não entendi."));
    let first = decide(&turn(flow(), None, &[said("xyz")]));
    assert!(
        words(&first.replies[0]).starts_with("Bom dia!")
            && !words(&first.replies[0]).contains("não entendi")
    );
}

#[test]
fn anything_else_is_answered_by_buttons_and_words() {
    let flow = flow();
    let mais = state("mais");
    let after = |message: Content| decide(&turn(flow, Some(&mais), &[message]));
    assert_eq!(after(said("não")).action, Action::Close);
    assert_eq!(after(said("Não, obrigado!")).action, Action::Close);
    assert_eq!(after(tap("mais.nao")).action, Action::Close);
    assert_eq!(after(said("valeu, tchau")).action, Action::Close);
    assert_eq!(after(said("sim")).next.node, "menu");
    assert_eq!(after(said("ok")).action, Action::Close);
    assert_eq!(
        query(&after(said("não consigo pagar o boleto"))),
        Some(Query::Invoices)
    );
}

#[test]
fn a_closed_case_starts_afresh_without_a_second_greeting() {
    let closed = decide(&turn(flow(), Some(&state("mais")), &[said("não")]));
    assert_eq!((closed.next.node.as_str(), closed.next.turns), ("menu", 0));
    let back = decide(&turn(flow(), Some(&closed.next), &[said("oi")]));
    assert!(!words(&back.replies[0]).contains("2026112000017"));
}

#[test]
fn thanks_after_the_farewell_get_no_second_one() {
    let closed = decide(&turn(flow(), Some(&state("mais")), &[said("obrigado")]));
    assert_eq!((closed.replies.len(), &closed.action), (1, &Action::Close));
    let again = decide(&turn(flow(), Some(&closed.next), &[said("valeu!")]));
    assert_eq!((again.replies.len(), &again.action), (0, &Action::Close));
}

#[test]
fn the_language_is_that_of_the_words_or_of_the_menu() {
    let flow = flow();
    let english = decide(&turn(flow, None, &[said("Hi, good morning")]));
    assert_eq!(english.next.locale, Locale::En);
    assert!(words(&english.replies[0]).contains("Good morning! 👋"));
    let switched = at_menu(&[tap("menu.idioma")]);
    assert_eq!(switched.next.locale, Locale::En);
    let kept = decide(&turn(flow, Some(&switched.next), &[said("boleto")]));
    assert_eq!(
        kept.next.locale,
        Locale::En,
        "one word is no change of language"
    );
    let changed = decide(&turn(
        flow,
        Some(&switched.next),
        &[said("quero falar em português por favor")],
    ));
    assert_eq!(changed.next.locale, Locale::PtBr);
    let named = decide(&turn(flow, Some(&switched.next), &[said("english please")]));
    assert_eq!(
        named.next.locale,
        Locale::En,
        "who names the language gets it"
    );
    let back = decide(&turn(flow, Some(&switched.next), &[said("4")]));
    assert_eq!(back.next.locale, Locale::PtBr);
}

#[test]
fn a_case_of_a_flow_that_is_gone_goes_on_at_the_menu() {
    let flow = flow();
    for old in [
        State {
            flow: "velho".to_owned(),
            ..state("menu")
        },
        state("sumiu"),
        state("fatura"),
    ] {
        let decision = decide(&turn(flow, Some(&old), &[said("1")]));
        assert_eq!(query(&decision), Some(Query::Invoices));
        assert_eq!(decision.next.flow, "provedor");
    }
}

#[test]
fn nothing_said_gets_no_answer() {
    let decision = at_menu(&[]);
    assert_eq!((decision.replies.len(), decision.action), (0, Action::None));
}
