//! Frames that change a conversation: what they ask is `desk`'s to do, and each is answered.

use super::Session;
use crate::desk::{self, Reply, TransferTo};
use crate::error::Error;
use crate::protocol::{ClientFrame, ServerFrame};

impl Session {
    /// Words to the customer or for colleagues, answered by their seq.
    pub(super) async fn write(&self, frame: ClientFrame) -> Result<(), Error> {
        let (people, caller) = (&self.people, &self.caller);
        let (client_ref, conversation_id, seq) = match frame {
            ClientFrame::Send {
                client_ref,
                conversation_id,
                epoch,
                text,
                content,
                reply_to_seq,
            } => {
                let epoch = Some(epoch);
                let reply = Reply {
                    client_ref: client_ref.clone(),
                    epoch,
                    content: desk::one_of(text, content.map(|content| *content))?,
                    reply_to_seq,
                };
                let seq = desk::reply(people, caller, conversation_id, reply).await?;
                (client_ref, conversation_id, seq)
            }
            ClientFrame::Note {
                client_ref,
                conversation_id,
                text,
            } => {
                let seq =
                    desk::note(people, caller, conversation_id, client_ref.clone(), text).await?;
                (client_ref, conversation_id, seq)
            }
            _ => return Ok(()),
        };
        self.line.send(ServerFrame::Accepted {
            client_ref,
            conversation_id,
            seq,
        });
        Ok(())
    }

    /// Who owns it and whether it is open, answered by the conversation afterwards.
    pub(super) async fn own(&self, frame: ClientFrame) -> Result<(), Error> {
        let (people, caller) = (&self.people, &self.caller);
        let (client_ref, conversation) = match frame {
            ClientFrame::Claim {
                client_ref,
                conversation_id: id,
                epoch,
            } => (client_ref, desk::claim(people, caller, id, epoch).await?),
            ClientFrame::Release {
                client_ref,
                conversation_id: id,
                epoch,
            } => (client_ref, desk::release(people, caller, id, epoch).await?),
            ClientFrame::Resolve {
                client_ref,
                conversation_id: id,
                epoch,
                reason,
            } => (
                client_ref,
                desk::resolve(people, caller, id, epoch, reason).await?,
            ),
            ClientFrame::Transfer {
                client_ref,
                conversation_id: id,
                epoch,
                team_id,
                agent_id,
                note,
            } => {
                let to = TransferTo {
                    team_id,
                    agent_id,
                    note,
                };
                (
                    client_ref,
                    desk::transfer(people, caller, id, epoch, to).await?,
                )
            }
            _ => return Ok(()),
        };
        self.line.send(ServerFrame::Done {
            client_ref,
            conversation,
        });
        Ok(())
    }

    /// What is done to one item, answered by its seq.
    pub(super) async fn touch(&self, frame: ClientFrame) -> Result<(), Error> {
        let (people, caller) = (&self.people, &self.caller);
        let (client_ref, conversation_id, seq) = match frame {
            ClientFrame::React {
                client_ref,
                conversation_id: id,
                seq,
                emoji,
            } => {
                desk::react(people, caller, id, seq, emoji).await?;
                (client_ref, id, seq)
            }
            ClientFrame::SendAgain {
                client_ref,
                conversation_id: id,
                seq,
            } => {
                desk::send_again(people, caller, id, seq).await?;
                (client_ref, id, seq)
            }
            ClientFrame::Cancel {
                client_ref,
                conversation_id: id,
                seq,
            } => {
                desk::cancel(people, caller, id, seq).await?;
                (client_ref, id, seq)
            }
            _ => return Ok(()),
        };
        self.line.send(ServerFrame::Accepted {
            client_ref,
            conversation_id,
            seq,
        });
        Ok(())
    }
}
