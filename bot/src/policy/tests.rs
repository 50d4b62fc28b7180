//! Dialogues: what the customer writes, what the bot says and does.

use std::sync::LazyLock;

use balcao_core::model::{HandoffReason, MediaKind, MediaRef, SystemLine};
use chrono::{NaiveDate, TimeDelta};

use super::*;
use crate::erp::{Invoice, Line, LineStatus};
use crate::flow::parse;

pub(super) fn flow() -> &'static Flow {
    static FLOW: LazyLock<Flow> =
        LazyLock::new(|| parse("provedor.yaml", include_str!("../../flows/provedor.yaml")).unwrap());
    &FLOW
}

pub(super) fn now() -> DateTime<Utc> {
    "2026-11-20T13:00:00Z".parse().unwrap()
}

pub(super) fn said(text: &str) -> Content {
    Content::Text { text: text.to_owned() }
}

fn tap(id: &str) -> Content {
    Content::Choice { id: id.to_owned(), title: "x".to_owned() }
}

fn photo(caption: Option<&str>) -> Content {
    let caption = caption.map(str::to_owned);
    let media =
        MediaRef { kind: MediaKind::Image, id: None, mime_type: None, sha256: None, caption, file_name: None, voice: false };
    Content::Media { media }
}

pub(super) fn state(node: &str) -> State {
    State {
        flow: "provedor".to_owned(),
        node: node.to_owned(),
        locale: Locale::PtBr,
        turns: 1,
        turns_without_progress: 0,
        answered_seq: 1,
    }
}

pub(super) fn turn<'a>(flow: &'a Flow, state: Option<&'a State>, said: &'a [Content]) -> Turn<'a> {
    Turn { flow, state, said, protocol: Some("2026112000017"), now: now() }
}

/// The decision at the menu.
fn at_menu(said: &[Content]) -> Decision {
    decide(&turn(flow(), Some(&state("menu")), said))
}

fn words(content: &Content) -> &str {
    match content {
        Content::Text { text } | Content::Buttons { text, .. } | Content::List { text, .. } => text,
        _ => "",
    }
}

fn reason(decision: &Decision) -> Option<HandoffReason> {
    match &decision.action {
        Action::HandOff(to) => Some(to.reason),
        _ => None,
    }
}

fn query(decision: &Decision) -> Option<Query> {
    match &decision.action {
        Action::CallErp(call) => Some(call.query),
        _ => None,
    }
}

fn invoice(day: u32, cents: i64) -> Invoice {
    Invoice {
        due_date: NaiveDate::from_ymd_opt(2026, 12, day).unwrap(),
        overdue: day < 5,
        amount_cents: cents,
        currency: "BRL".to_owned(),
        pix_code: Some(format!("000201{day}")),
        url: Some(format!("https://example.com/{day}")),
    }
}

/// What is said once the ERP answered.
fn looked_up(message: &str, state: Option<&State>, answer: &Answer) -> Decision {
    let (flow, said) = (flow(), [said(message)]);
    let turn = turn(flow, state, &said);
    conclude(&turn, decide(&turn), answer)
}

#[test]
fn the_first_answer_greets_with_the_protocol_and_shows_the_menu_in_one_message() {
    let decision = decide(&turn(flow(), None, &[said("Oi")]));
    assert_eq!(decision.replies.len(), 1);
    let Content::List { text, sections, .. } = &decision.replies[0] else { panic!("a list") };
    assert!(text.starts_with("Bom dia! 👋") && text.contains("2026112000017"), "{text}");
    assert_eq!(sections[0].rows[0].title, "2ª via da fatura");
    assert_eq!((decision.next.node.as_str(), decision.next.turns_without_progress), ("menu", 0));
}

#[test]
fn the_greeting_is_said_once_per_case() {
    let decision = at_menu(&[said("bom dia")]);
    assert!(!words(&decision.replies[0]).contains("2026112000017"));
}

#[test]
fn the_time_of_day_is_the_customers() {
    for (hour, expected) in [(5, "Boa noite"), (9, "Bom dia"), (15, "Boa tarde"), (21, "Boa noite")] {
        let (flow, said) = (flow(), [said("oi")]);
        let at = "2026-11-20T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hour);
        let decision = decide(&Turn { now: at, ..turn(flow, None, &said) });
        assert!(words(&decision.replies[0]).starts_with(expected), "{hour} h UTC");
    }
}

#[test]
fn answers_are_understood_by_tap_number_title_and_keyword() {
    let messages = [tap("menu.fatura"), said("1"), said("opção 1"), said("2ª via da fatura"), said("me manda o BOLETO pfv")];
    for message in messages {
        assert_eq!(query(&at_menu(std::slice::from_ref(&message))), Some(Query::Invoices), "{}", message.preview(40));
    }
    for message in ["2", "minha conexão", "a internet CAIU", "tá lenta demais", "my internet is down"] {
        assert_eq!(query(&at_menu(&[said(message)])), Some(Query::Line), "{message}");
    }
}

#[test]
fn the_answer_with_more_keywords_wins_and_the_earlier_of_equals() {
    assert_eq!(query(&at_menu(&[said("boleto da internet")])), Some(Query::Invoices));
    assert_eq!(query(&at_menu(&[said("já vi a conta, mas a internet caiu")])), Some(Query::Line));
}

#[test]
fn a_tap_on_an_older_question_still_works_and_one_of_another_flow_does_not() {
    let (flow, mais) = (flow(), state("mais"));
    assert_eq!(query(&decide(&turn(flow, Some(&mais), &[tap("menu.conexao")]))), Some(Query::Line));
    assert_eq!(decide(&turn(flow, Some(&mais), &[tap("gone.away")])).next.turns_without_progress, 1);
}

#[test]
fn several_short_messages_get_one_answer() {
    let decision = at_menu(&[said("oi"), said("tudo bem?"), said("minha internet"), said("caiu")]);
    assert_eq!(query(&decision), Some(Query::Line));
    let decision = at_menu(&[said("oi"), said("bom dia")]);
    assert_eq!(decision.replies.len(), 1);
}

#[test]
fn a_person_is_reached_at_once_with_the_reason() {
    for first in [None, Some(state("menu")), Some(state("mais"))] {
        let flow = flow();
        let decision = decide(&turn(flow, first.as_ref(), &[said("boleto"), said("quero um ATENDENTE")]));
        assert_eq!(reason(&decision), Some(HandoffReason::Requested));
        assert_eq!(decision.replies, []);
    }
    assert_eq!(reason(&at_menu(&[tap("menu.atendente")])), Some(HandoffReason::Requested));
    assert_eq!(reason(&at_menu(&[said("3")])), Some(HandoffReason::Requested));
    assert_eq!(reason(&at_menu(&[photo(Some("atendente por favor"))])), Some(HandoffReason::Requested));
}

#[test]
fn what_people_do_goes_to_people() {
    assert_eq!(reason(&at_menu(&[said("quero cancelar meu plano")])), Some(HandoffReason::Flow));
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
    let stuck = State { turns_without_progress: 2, ..state("menu") };
    let decision = decide(&turn(flow(), Some(&stuck), &[said("boleto")]));
    assert_eq!(decision.next.turns_without_progress, 0);
}

#[test]
fn twenty_turns_without_a_person_reach_one() {
    let flow = flow();
    let many = State { turns: MAX_TURNS, ..state("menu") };
    assert_eq!(reason(&decide(&turn(flow, Some(&many), &[said("menu")]))), Some(HandoffReason::NoProgress));
    let fewer = State { turns: MAX_TURNS - 1, ..state("menu") };
    assert_eq!(reason(&decide(&turn(flow, Some(&fewer), &[said("menu")]))), None);
}

#[test]
fn what_cannot_be_read_is_said_and_counts_as_no_progress() {
    let decision = at_menu(&[photo(None)]);
    assert!(words(&decision.replies[0]).starts_with("Recebi, obrigado!"));
    assert_eq!(decision.next.turns_without_progress, 1);
    assert_eq!(query(&at_menu(&[photo(Some("meu boleto"))])), Some(Query::Invoices), "a caption is read");
}

#[test]
fn what_is_not_understood_is_said_only_after_the_greeting() {
    assert!(words(&at_menu(&[said("xyz")]).replies[0]).starts_with("Desculpe, não entendi."));
    let first = decide(&turn(flow(), None, &[said("xyz")]));
    assert!(words(&first.replies[0]).starts_with("Bom dia!") && !words(&first.replies[0]).contains("não entendi"));
}

#[test]
fn invoices_are_told_with_the_oldest_pix_code_alone_in_its_message() {
    let answer = Answer::Invoices(vec![invoice(20, 9_990), invoice(2, 123_456)]);
    let decision = looked_up("boleto", Some(&state("menu")), &answer);
    assert_eq!(decision.replies.len(), 3);
    let told = words(&decision.replies[0]);
    assert!(told.starts_with("Encontrei 2 faturas") && told.contains("R$ 1.234,56*, venceu em 02/12/2026"), "{told}");
    assert!(told.contains("R$ 99,90*, vence em 20/12/2026\n2ª via: https://example.com/20"), "{told}");
    assert_eq!(words(&decision.replies[1]), "0002012");
    assert!(matches!(&decision.replies[2], Content::Buttons { text, buttons } if text == "Mais alguma coisa?" && buttons.len() == 3));
    assert_eq!(decision.next.node, "mais");
}

#[test]
fn no_invoice_is_one_message_that_asks_on() {
    let decision = looked_up("boleto", Some(&state("menu")), &Answer::Invoices(Vec::new()));
    assert_eq!(decision.replies.len(), 1);
    let told = words(&decision.replies[0]);
    assert!(told.starts_with("Boa notícia!") && told.ends_with("Mais alguma coisa?"), "{told}");
}

#[test]
fn the_first_answer_greets_before_what_was_looked_up() {
    let decision = looked_up("boleto", None, &Answer::Invoices(vec![invoice(20, 9_990)]));
    assert!(words(&decision.replies[0]).starts_with("Bom dia!"), "{}", words(&decision.replies[0]));
    assert_eq!(decision.replies.len(), 3);
}

#[test]
fn the_state_of_the_line_is_told() {
    let line = |status, end: Option<i64>| {
        Answer::Line(Line {
            status,
            message: "Manutenção {until}".to_owned(),
            plan_mbps: Some(600),
            signal_dbm: Some(-27.34),
            estimated_end_at: end.map(|hours| now() + TimeDelta::hours(hours)),
        })
    };
    let cases = [
        (line(LineStatus::Online, None), "funcionando normalmente (600 Mega)."),
        (line(LineStatus::Degraded, None), "sinal está fraco (-27,3 dBm)"),
        (line(LineStatus::Outage, Some(3)), "Previsão de retorno: *13h00*"),
        (line(LineStatus::Outage, Some(-3)), "trabalhando no reparo.\nNão precisa"),
        (line(LineStatus::Other, None), "conexão: Manutenção {until}"),
    ];
    for (answer, expected) in cases {
        let decision = looked_up("sem internet", Some(&state("menu")), &answer);
        assert_eq!(decision.replies.len(), 1);
        assert!(words(&decision.replies[0]).contains(expected), "{expected}: {}", words(&decision.replies[0]));
    }
}

#[test]
fn an_unknown_customer_is_told_so_and_may_ask_for_a_person() {
    let decision = looked_up("boleto", Some(&state("menu")), &Answer::NotFound);
    assert!(words(&decision.replies[0]).starts_with("Não encontrei um cadastro"));
    assert_eq!(decision.next.node, "mais");
}

#[test]
fn an_erp_that_is_down_apologises_and_hands_off() {
    let decision = looked_up("boleto", Some(&state("menu")), &Answer::Failed);
    assert_eq!(reason(&decision), Some(HandoffReason::BotUnavailable));
    let notice = notice(flow(), Locale::PtBr, HandoffReason::BotUnavailable, 3, Some("2026"));
    assert!(words(&notice).starts_with("Desculpe") && words(&notice).contains("*3*") && words(&notice).contains("*2026*"));
    assert_eq!(reason(&looked_up("boleto", None, &Answer::NotConnected)), Some(HandoffReason::Flow));
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
    assert_eq!(query(&after(said("não consigo pagar o boleto"))), Some(Query::Invoices));
}

#[test]
fn a_closed_case_starts_afresh_without_a_second_greeting() {
    let closed = decide(&turn(flow(), Some(&state("mais")), &[said("não")]));
    assert_eq!((closed.next.node.as_str(), closed.next.turns), ("menu", 0));
    let back = decide(&turn(flow(), Some(&closed.next), &[said("oi")]));
    assert!(!words(&back.replies[0]).contains("2026112000017"));
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
    assert_eq!(kept.next.locale, Locale::En, "one word is no change of language");
    let changed = decide(&turn(flow, Some(&switched.next), &[said("quero falar em português por favor")]));
    assert_eq!(changed.next.locale, Locale::PtBr);
    let named = decide(&turn(flow, Some(&switched.next), &[said("english please")]));
    assert_eq!(named.next.locale, Locale::En, "who names the language gets it");
    let back = decide(&turn(flow, Some(&switched.next), &[said("4")]));
    assert_eq!(back.next.locale, Locale::PtBr);
}

#[test]
fn a_case_of_a_flow_that_is_gone_goes_on_at_the_menu() {
    let flow = flow();
    for old in [State { flow: "velho".to_owned(), ..state("menu") }, state("sumiu"), state("fatura")] {
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

#[test]
fn a_summary_tells_what_was_asked_tried_and_said() {
    let flow = flow();
    let customer = |content| Said { by_customer: true, content };
    let bot = |content| Said { by_customer: false, content };
    let history = [
        customer(said("oi")),
        bot(at_menu(&[said("oi")]).replies.remove(0)),
        customer(said("minha internet caiu")),
        bot(said("🔧 Há uma interrupção na sua região\n\nMais alguma coisa?")),
        bot(said("00020126450014br.gov.bcb.pix")),
        customer(photo(None)),
        customer(said("e o boleto?")),
    ];
    let to = HandOff { reason: HandoffReason::BotUnavailable, team: None, tried: Some(Query::Invoices) };
    assert_eq!(
        summary(flow, &to, &history),
        "Assunto: Minha conexão, 2ª via da fatura\n\
         Sistema sem resposta ao consultar: 2ª via da fatura\n\
         Cliente escreveu: “oi” · “minha internet caiu” · [arquivo ou localização] · “e o boleto?”\n\
         Última resposta do bot: 🔧 Há uma interrupção na sua região Mais alguma coisa?"
    );
    let nothing = summary(flow, &to, &[bot(Content::System { line: SystemLine::Reopened })]);
    assert_eq!(nothing, "Sistema sem resposta ao consultar: 2ª via da fatura");
}
