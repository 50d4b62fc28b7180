//! Dialogues: what the customer writes, what the bot says and does.

mod dialogue;
mod lookup;

use std::sync::LazyLock;

use balcao_core::model::{MediaKind, MediaRef};

use super::*;
use crate::flow::parse;

pub(in crate::policy) fn flow() -> &'static Flow {
    static FLOW: LazyLock<Flow> = LazyLock::new(|| {
        parse(
            "provedor.yaml",
            include_str!("../../../flows/provedor.yaml"),
        )
        .unwrap()
    });
    &FLOW
}

pub(in crate::policy) fn now() -> DateTime<Utc> {
    "2026-11-20T13:00:00Z".parse().unwrap()
}

pub(in crate::policy) fn said(text: &str) -> Content {
    Content::Text {
        text: text.to_owned(),
    }
}

pub(super) fn tap(id: &str) -> Content {
    Content::Choice {
        id: id.to_owned(),
        title: "x".to_owned(),
    }
}

pub(super) fn photo(caption: Option<&str>) -> Content {
    let caption = caption.map(str::to_owned);
    let media = MediaRef {
        caption,
        ..MediaRef::of(MediaKind::Image)
    };
    Content::Media { media }
}

pub(in crate::policy) fn state(node: &str) -> State {
    State {
        flow: "provedor".to_owned(),
        node: node.to_owned(),
        locale: Locale::PtBr,
        turns: 1,
        turns_without_progress: 0,
        answered_seq: 1,
    }
}

pub(in crate::policy) fn turn<'a>(
    flow: &'a Flow,
    state: Option<&'a State>,
    said: &'a [Content],
) -> Turn<'a> {
    Turn {
        flow,
        state,
        said,
        protocol: Some("2026112000017"),
        now: now(),
    }
}

/// The decision at the menu.
pub(super) fn at_menu(said: &[Content]) -> Decision {
    decide(&turn(flow(), Some(&state("menu")), said))
}

pub(super) fn words(content: &Content) -> &str {
    match content {
        Content::Text { text } | Content::Buttons { text, .. } | Content::List { text, .. } => text,
        _ => "",
    }
}

pub(super) fn reason(decision: &Decision) -> Option<HandoffReason> {
    match &decision.action {
        Action::HandOff(to) => Some(to.reason),
        _ => None,
    }
}

pub(super) fn query(decision: &Decision) -> Option<Query> {
    match &decision.action {
        Action::CallErp(call) => Some(call.query),
        _ => None,
    }
}
