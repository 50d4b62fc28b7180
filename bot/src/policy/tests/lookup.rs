//! What the ERP knows, as the customer hears it, and what people hear of a case.

use balcao_core::model::SystemLine;
use chrono::{NaiveDate, TimeDelta};

use super::*;
use crate::erp::{Invoice, Line, LineStatus};

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
fn invoices_are_told_with_the_oldest_pix_code_alone_in_its_message() {
    let answer = Answer::Invoices(vec![invoice(20, 9_990), invoice(2, 123_456)]);
    let decision = looked_up("boleto", Some(&state("menu")), &answer);
    assert_eq!(decision.replies.len(), 3);
    let told = words(&decision.replies[0]);
    assert!(
        told.starts_with("Encontrei 2 faturas")
            && told.contains("R$ 1.234,56*, venceu em 02/12/2026"),
        "{told}"
    );
    assert!(
        told.contains("R$ 99,90*, vence em 20/12/2026\n2ª via: https://example.com/20"),
        "{told}"
    );
    assert_eq!(words(&decision.replies[1]), "0002012");
    assert!(
        matches!(&decision.replies[2], Content::Buttons { text, buttons, .. } if text == "Mais alguma coisa?" && buttons.len() == 3)
    );
    assert_eq!(decision.next.node, "mais");
}

#[test]
fn no_invoice_is_one_message_that_asks_on() {
    let decision = looked_up(
        "boleto",
        Some(&state("menu")),
        &Answer::Invoices(Vec::new()),
    );
    assert_eq!(decision.replies.len(), 1);
    let told = words(&decision.replies[0]);
    assert!(
        told.starts_with("Boa notícia!") && told.ends_with("Mais alguma coisa?"),
        "{told}"
    );
}

#[test]
fn the_first_answer_greets_before_what_was_looked_up() {
    let decision = looked_up("boleto", None, &Answer::Invoices(vec![invoice(20, 9_990)]));
    assert!(
        words(&decision.replies[0]).starts_with("Bom dia!"),
        "{}",
        words(&decision.replies[0])
    );
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
        (
            line(LineStatus::Online, None),
            "funcionando normalmente (600 Mega).",
        ),
        (
            line(LineStatus::Degraded, None),
            "sinal está fraco (-27,3 dBm)",
        ),
        (
            line(LineStatus::Outage, Some(3)),
            "Previsão de retorno: *13h00*",
        ),
        (
            line(LineStatus::Outage, Some(-3)),
            "trabalhando no reparo.\nNão precisa",
        ),
        (line(LineStatus::Other, None), "conexão: Manutenção {until}"),
    ];
    for (answer, expected) in cases {
        let decision = looked_up("sem internet", Some(&state("menu")), &answer);
        assert_eq!(decision.replies.len(), 1);
        assert!(
            words(&decision.replies[0]).contains(expected),
            "{expected}: {}",
            words(&decision.replies[0])
        );
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
    let notice = notice(
        flow(),
        Locale::PtBr,
        HandoffReason::BotUnavailable,
        3,
        Some("2026"),
    );
    assert!(
        words(&notice).starts_with("Desculpe")
            && words(&notice).contains("*3*")
            && words(&notice).contains("*2026*")
    );
    assert_eq!(
        reason(&looked_up("boleto", None, &Answer::NotConnected)),
        Some(HandoffReason::Flow)
    );
}

#[test]
fn a_summary_tells_what_was_asked_tried_and_said() {
    let flow = flow();
    let customer = |content| Said {
        by_customer: true,
        content,
    };
    let bot = |content| Said {
        by_customer: false,
        content,
    };
    let history = [
        customer(said("oi")),
        bot(at_menu(&[said("oi")]).replies.remove(0)),
        customer(said("minha internet caiu")),
        bot(said(
            "Bom dia!\nProtocolo: 2026112000017\n\n🔧 Há uma *interrupção* na sua região\n\nMais alguma coisa?",
        )),
        bot(said("00020126450014br.gov.bcb.pix")),
        customer(photo(None)),
        customer(said("e o boleto?")),
    ];
    let to = HandOff {
        reason: HandoffReason::BotUnavailable,
        team: None,
        tried: Some(Query::Invoices),
    };
    assert_eq!(
        summary(flow, &to, &history, Some("2026112000017")),
        "Assunto: Minha conexão, 2ª via da fatura\n\
         Sistema sem resposta ao consultar: 2ª via da fatura\n\
         Cliente escreveu: “oi” · “minha internet caiu” · [arquivo ou localização] · “e o boleto?”\n\
         Última resposta do bot: 🔧 Há uma interrupção na sua região"
    );
    let nothing = summary(
        flow,
        &to,
        &[bot(Content::System {
            line: SystemLine::Reopened,
        })],
        None,
    );
    assert_eq!(
        nothing,
        "Sistema sem resposta ao consultar: 2ª via da fatura"
    );
}
