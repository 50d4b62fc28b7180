//! The whole walk: a customer, the bot, an agent, a colleague of another team on another node.

use agent_hub::protocol::{ClientFrame, ConversationView, ListScope};
use balcao_core::model::{CaseState, Content, ConversationId, SystemLine, Ticks};
use e2e::desk::says;
use e2e::{LIVE, Plan, Socket, Stack, Who};
use serde_json::{Value, json};

/// The last digit is 3: one open invoice, the line is online.
const CUSTOMER: &str = "5511900000003";
const NOTE: &str = "Cliente antigo, tratar com carinho";

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_a_bot_and_two_agents_meet() {
    let stack = Stack::of(Plan::two_nodes()).await;
    let ana = stack.agent(Who::Ana, 0).await;
    let desk = Socket::open(&ana).await;
    desk.watch_list("queue", ListScope::Queue);
    desk.until("the empty queue", |desk| {
        desk.lists.get("queue")?.is_empty().then_some(())
    })
    .await;

    the_bot_answers(&stack).await;
    let name = stack.phone(CUSTOMER).name;
    // Nobody asked for the list again: it moves by itself.
    let waiting = desk
        .until("the customer on Ana's queue", |desk| {
            desk.row("queue", &name).cloned()
        })
        .await;
    assert_eq!(waiting.state, CaseState::Waiting);
    assert_eq!(waiting.handoff_reason.as_deref(), Some("requested"));
    ana_answers(&stack, &desk, &waiting).await;

    let davi = stack.agent(Who::Davi, 1).await;
    let other_desk = Socket::open(&davi).await;
    other_desk.watch_list("queue", ListScope::Queue);
    billing_takes_over(&stack, &desk, &other_desk, waiting.id).await;
    the_thread_is_whole(&stack, &other_desk, waiting.id).await;
}

/// "oi" brings the menu, a tap what the ERP knows, "atendente" a place in the queue.
async fn the_bot_answers(stack: &Stack) {
    let customer = stack.phone(CUSTOMER);
    customer.says("oi").await;
    customer
        .shows("the menu", 0, |bubble| {
            bubble.offers.contains(&"menu.fatura".to_owned())
        })
        .await;

    customer.taps("menu.fatura").await;
    let pix = the_erp_knows(stack).await;
    customer
        .shows("the Pix code of the ERP's invoice", 1, |bubble| {
            bubble.text.contains(&pix)
        })
        .await;

    customer.says("atendente").await;
    customer
        .shows("a place in the queue", 2, |bubble| {
            bubble.text.contains("posição na fila: *1*")
        })
        .await;
}

async fn the_erp_knows(stack: &Stack) -> String {
    let url = format!("{}/erp/invoices/search", stack.simulator.url);
    let asked = e2e::http();
    let answer = asked
        .post(url)
        .json(&json!({"phone": CUSTOMER}))
        .send()
        .await
        .expect("the ERP answers");
    let invoices: Value = answer.json().await.expect("invoices");
    invoices["invoices"][0]["pix_code"]
        .as_str()
        .expect("one open invoice")
        .to_owned()
}

/// Ana takes it, leaves a note, replies, and sees the ticks move.
async fn ana_answers(stack: &Stack, desk: &Socket, waiting: &ConversationView) {
    let customer = stack.phone(CUSTOMER);
    desk.watch(waiting.id);
    desk.send(ClientFrame::Claim {
        client_ref: "take".to_owned(),
        conversation_id: waiting.id,
        epoch: waiting.epoch,
    });
    let mine = desk
        .until("Ana owns it", |desk| desk.done.get("take").cloned())
        .await;
    assert_eq!(
        (mine.state, mine.agent_id),
        (CaseState::Attending, Some(stack.staff.account(Who::Ana).id))
    );
    desk.send(ClientFrame::Note {
        client_ref: "note".to_owned(),
        conversation_id: waiting.id,
        text: NOTE.to_owned(),
    });
    desk.send(ClientFrame::Send {
        client_ref: "hello".to_owned(),
        conversation_id: waiting.id,
        epoch: mine.epoch,
        text: Some("Olá, aqui é a Ana".to_owned()),
        content: None,
        reply_to_seq: None,
    });

    customer.shows_text("Olá, aqui é a Ana").await;
    let ticks = |wanted: Ticks| {
        move |desk: &e2e::Desk| {
            (desk.thread(waiting.id).by_ref("hello")?.ticks? == wanted).then_some(())
        }
    };
    desk.until("delivered", ticks(Ticks::Delivered)).await;
    customer.reads().await;
    desk.within(LIVE, "read", ticks(Ticks::Read)).await;
    assert!(
        customer
            .thread()
            .await
            .iter()
            .all(|bubble| !bubble.text.contains(NOTE)),
        "a note is for colleagues"
    );
}

/// Ana transfers to billing; Davi, on the other node, sees it, takes it and closes it.
async fn billing_takes_over(stack: &Stack, desk: &Socket, other_desk: &Socket, id: ConversationId) {
    let customer = stack.phone(CUSTOMER);
    let epoch = desk.desk().thread(id).head.expect("a head").epoch;
    desk.send(ClientFrame::Transfer {
        client_ref: "to billing".to_owned(),
        conversation_id: id,
        epoch,
        team_id: Some(stack.staff.billing),
        agent_id: None,
        note: Some("Quer negociar a fatura".to_owned()),
    });
    let waiting = other_desk
        .within(LIVE, "it is on Davi's queue", |desk| {
            desk.row("queue", &customer.name).cloned()
        })
        .await;
    assert!(
        waiting.epoch > epoch,
        "the epoch rises with each change of hands"
    );

    other_desk.watch(id);
    other_desk.send(ClientFrame::Claim {
        client_ref: "mine".to_owned(),
        conversation_id: id,
        epoch: waiting.epoch,
    });
    let mine = other_desk
        .until("Davi owns it", |desk| desk.done.get("mine").cloned())
        .await;
    other_desk.send(ClientFrame::Send {
        client_ref: "deal".to_owned(),
        conversation_id: id,
        epoch: mine.epoch,
        text: Some("Aqui é o Davi, do financeiro".to_owned()),
        content: None,
        reply_to_seq: None,
    });
    customer.shows_text("Aqui é o Davi").await;
    other_desk
        .until("delivered", |desk| {
            matches!(
                desk.thread(id).by_ref("deal")?.ticks?,
                Ticks::Delivered | Ticks::Read
            )
            .then_some(())
        })
        .await;
    other_desk.send(ClientFrame::Resolve {
        client_ref: "end".to_owned(),
        conversation_id: id,
        epoch: mine.epoch,
        reason: Some("negociado".to_owned()),
    });
    let closed = other_desk
        .until("it is closed", |desk| desk.done.get("end").cloned())
        .await;
    assert_eq!(closed.state, CaseState::Closed);
}

/// What Davi's program put together from frames is what the database holds, in its order, note and hand-off included.
async fn the_thread_is_whole(stack: &Stack, other_desk: &Socket, id: ConversationId) {
    stack.database.is_quiet(&stack.simulator).await;
    let thread = other_desk.shows_whole(&stack.database, id, LIVE).await;
    assert!(thread.items.values().any(|item| says(item) == NOTE));
    let handed_off = |content: &Content| match content {
        Content::System {
            line: SystemLine::HandedOff { position, .. },
        } => Some(*position),
        _ => None,
    };
    let position = thread
        .items
        .values()
        .find_map(|item| handed_off(item.content.as_ref()?));
    assert_eq!(position, Some(1));
    stack.database.assert_dense().await;
}
