//! Flows that are right, and flows that are wrong in one place each.

use std::collections::BTreeMap;

use balcao_core::model::Locale;
use serde_saphyr::{Location, Spanned};

use super::*;

const DEFAULT: &str = include_str!("../../flows/provedor.yaml");

fn text(words: &str) -> Text {
    let spanned = || Spanned::new(words.to_owned(), Location::UNKNOWN, Location::UNKNOWN);
    Text {
        pt_br: spanned(),
        en: spanned(),
    }
}

/// What is said about the default flow after one change.
fn told(old: &str, new: &str) -> String {
    assert!(DEFAULT.contains(old), "{old} is not in the flow");
    let mistakes =
        parse("f.yaml", &DEFAULT.replacen(old, new, 1)).expect_err("the change is a mistake");
    mistakes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

fn line_of(needle: &str) -> usize {
    DEFAULT
        .lines()
        .position(|line| line.contains(needle))
        .unwrap()
        + 1
}

#[test]
fn the_flow_that_comes_with_the_product_has_no_mistake() {
    let flows = Flows::load(None).unwrap_or_else(|mistakes| panic!("{}", mistakes[0]));
    assert_eq!(flows.names(), ["provedor"]);
    assert_eq!(flows.choose(None, "1").name.value, "provedor");
}

#[test]
fn names_in_braces_are_filled_once() {
    let filled = text("a {x} b {y}{x}").fill(Locale::PtBr, &[("x", "{y}"), ("y", "2")]);
    assert_eq!(filled, "a {y} b 2{y}");
}

#[test]
fn what_is_not_a_name_stays_as_it_is() {
    assert_eq!(text("{ola} {x").fill(Locale::En, &[("x", "1")]), "{ola} {x");
}

#[test]
fn an_offset_is_read_or_explained() {
    assert!(Offset::try_from("-03:00".to_owned()).is_ok());
    assert!(
        Offset::try_from("Brasilia".to_owned())
            .unwrap_err()
            .contains("-03:00")
    );
}

#[test]
fn an_unknown_key_is_told_with_its_place_and_the_known_ones() {
    let told = told("goodbye: tchau", "goodbye: tchau\ngoodby: tchau");
    let place = format!("f.yaml:{}:1: ", line_of("goodbye: tchau") + 1);
    assert!(told.starts_with(&place), "{told}");
    assert!(
        told.contains("unknown key \"goodby\"") && told.contains("goodbye"),
        "{told}"
    );
}

#[test]
fn an_unknown_kind_of_node_is_told_with_the_known_ones() {
    let told = told("    hand_off: {}", "    handoff: {}");
    assert!(
        told.contains("handoff") && told.contains("hand_off"),
        "{told}"
    );
}

#[test]
fn a_missing_language_is_told() {
    let told = told("        en: Anything else?\n", "");
    assert!(
        told.contains("\"en\"") && told.starts_with("f.yaml:"),
        "{told}"
    );
}

#[test]
fn a_goto_to_nowhere_is_told_with_its_place_and_the_nodes() {
    let told = told("goto: conexao", "goto: conexoa");
    let line = line_of("goto: conexao");
    assert!(
        told.contains(&format!("f.yaml:{line}:17: goto leads to \"conexoa\"")),
        "{told}"
    );
    assert!(told.contains("name one of: conexao, fatura"), "{told}");
    assert!(told.contains("nothing leads to \"conexao\""), "{told}");
}

#[test]
fn whatsapps_limits_are_told() {
    let cases = [
        (
            "pt-BR: Ver o menu",
            format!("pt-BR: {}", "x".repeat(21)),
            "21 characters in pt-BR are too many",
        ),
        (
            "pt-BR: Minha conexão",
            format!("pt-BR: {}", "é".repeat(25)),
            "keep at most 24",
        ),
        (
            "pt-BR: Ver opções\n",
            format!("pt-BR: {}\n", "x".repeat(21)),
            "keep at most 20",
        ),
        (
            "en: State of your line and notices for your area",
            format!("en: {}", "x".repeat(73)),
            "keep at most 72",
        ),
        (
            "pt-BR: Mais alguma coisa?",
            format!("pt-BR: {}", "x".repeat(1025)),
            "keep at most 1024",
        ),
        (
            "        - id: nao\n",
            "        - {id: mais, title: {pt-BR: a, en: b}, goto: menu}\n        - id: nao\n"
                .to_owned(),
            "4 options",
        ),
        (
            "pt-BR: Ver o menu",
            "pt-BR: Falar com atendente".to_owned(),
            "is twice in this question",
        ),
        (
            "en: Anything else?",
            "en: \" \"".to_owned(),
            "the text in en is empty",
        ),
        (
            "          exact: [sim",
            "          description: {pt-BR: a, en: b}\n          exact: [sim".to_owned(),
            "no description",
        ),
    ];
    for (old, new, expected) in cases {
        let told = told(old, &new);
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

#[test]
fn a_title_at_the_limit_is_no_mistake() {
    let flow = DEFAULT.replacen(
        "pt-BR: Ver o menu",
        &format!("pt-BR: {}", "é".repeat(20)),
        1,
    );
    assert!(parse("f.yaml", &flow).is_ok());
}

#[test]
fn what_cannot_be_filled_in_is_told() {
    let told = told("pt-BR: Desculpe, não entendi.", "pt-BR: Desculpe {name}.");
    assert!(
        told.contains("{name} is not known in this text; nothing is filled in here"),
        "{told}"
    );
}

#[test]
fn a_first_menu_without_a_person_is_told() {
    let told = told("goto: pessoa", "goto: tchau");
    assert!(told.contains("does not offer a person"), "{told}");
}

#[test]
fn an_answer_that_asks_nothing_afterwards_is_told() {
    assert!(told("then: mais", "then: tchau").contains("does not ask anything"));
    assert!(told("goodbye: tchau", "goodbye: menu").contains("does not end"));
}

#[test]
fn broken_yaml_has_a_place() {
    let told = told("nodes:", "nodes: [");
    let (line, _) = told
        .strip_prefix("f.yaml:")
        .unwrap()
        .split_once(':')
        .unwrap();
    assert!(
        line.parse::<usize>().unwrap() >= line_of("nodes:"),
        "{told}"
    );
    assert!(!told.contains('\n'), "{told}");
}

#[test]
fn two_flows_share_the_numbers_or_are_told() {
    let one = ("a.yaml".to_owned(), DEFAULT.to_owned());
    let named = DEFAULT.replacen("name: provedor", "name: vendas\nnumbers: [\"7\"]", 1);
    let flows =
        Flows::from_files(&BTreeMap::from([one.clone(), ("b.yaml".to_owned(), named)])).unwrap();
    assert_eq!(flows.choose(None, "7").name.value, "vendas");
    assert_eq!(flows.choose(None, "8").name.value, "provedor");
    assert_eq!(flows.choose(Some("provedor"), "7").name.value, "provedor");

    let twice = Flows::from_files(&BTreeMap::from([one.clone(), ("b.yaml".to_owned(), one.1)]))
        .unwrap_err();
    let told: Vec<String> = twice.iter().map(ToString::to_string).collect();
    assert!(
        told.iter()
            .any(|line| line.starts_with("b.yaml:") && line.contains("is in a.yaml too")),
        "{told:?}"
    );
}
