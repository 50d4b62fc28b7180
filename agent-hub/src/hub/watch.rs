//! Which socket watches which conversation, and the rev each was sent. Pure bookkeeping.

use std::collections::HashMap;

use balcao_core::model::ConversationId;

use super::SocketId;

#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    /// The rev the socket has; `None` while it still reads for itself.
    rev: Option<i64>,
    /// The newest rev that moved by while it read for itself.
    missed: i64,
}

/// All watches of a node.
#[derive(Debug, Default)]
pub(super) struct Watches {
    by_conversation: HashMap<ConversationId, HashMap<SocketId, Watch>>,
}

impl Watches {
    pub(super) fn begin(&mut self, socket: SocketId, id: ConversationId) {
        self.by_conversation
            .entry(id)
            .or_default()
            .insert(socket, Watch::default());
    }

    pub(super) fn caught_up(&mut self, socket: SocketId, id: ConversationId, rev: i64) -> bool {
        let Some(watch) = self
            .by_conversation
            .get_mut(&id)
            .and_then(|sockets| sockets.get_mut(&socket))
        else {
            return false;
        };
        watch.rev = Some(rev);
        watch.missed > rev
    }

    pub(super) fn end(&mut self, socket: SocketId, id: ConversationId) -> Option<i64> {
        let sockets = self.by_conversation.get_mut(&id)?;
        let watch = sockets.remove(&socket)?;
        if sockets.is_empty() {
            self.by_conversation.remove(&id);
        }
        Some(watch.rev.unwrap_or_default())
    }

    pub(super) fn forget_socket(&mut self, socket: SocketId) -> Vec<(ConversationId, i64)> {
        let watched: Vec<ConversationId> = self
            .by_conversation
            .iter()
            .filter(|(_, sockets)| sockets.contains_key(&socket))
            .map(|(id, _)| *id)
            .collect();
        watched
            .into_iter()
            .filter_map(|id| Some((id, self.end(socket, id)?)))
            .collect()
    }

    /// What must be read for a conversation that reached `rev`: the least rev a caught-up watcher has, if less.
    pub(super) fn behind(&mut self, id: ConversationId, rev: i64) -> Option<i64> {
        let sockets = self.by_conversation.get_mut(&id)?;
        for watch in sockets.values_mut().filter(|watch| watch.rev.is_none()) {
            watch.missed = watch.missed.max(rev);
        }
        sockets
            .values()
            .filter_map(|watch| watch.rev)
            .min()
            .filter(|known| *known < rev)
    }

    /// How many conversations a socket watches, and whether this is one of them.
    pub(super) fn of_socket(&self, socket: SocketId, id: ConversationId) -> (usize, bool) {
        let count = self
            .by_conversation
            .values()
            .filter(|sockets| sockets.contains_key(&socket))
            .count();
        let watched = self.by_conversation.get(&id);
        (
            count,
            watched.is_some_and(|sockets| sockets.contains_key(&socket)),
        )
    }

    /// The caught-up watchers of a conversation that have less than `rev_to`, with the rev they had; they count as
    /// sent.
    pub(super) fn send_to(&mut self, id: ConversationId, rev_to: i64) -> Vec<(SocketId, i64)> {
        let Some(sockets) = self.by_conversation.get_mut(&id) else {
            return Vec::new();
        };
        sockets
            .iter_mut()
            .filter_map(|(socket, watch)| {
                let had = watch.rev.filter(|rev| *rev < rev_to)?;
                watch.rev = Some(rev_to);
                Some((*socket, had))
            })
            .collect()
    }

    /// Everything watched, with the least rev a caught-up watcher has.
    pub(super) fn all(&self) -> Vec<(ConversationId, i64)> {
        self.by_conversation
            .iter()
            .filter_map(|(id, sockets)| {
                Some((*id, sockets.values().filter_map(|watch| watch.rev).min()?))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_while_a_socket_reads_for_itself_is_not_forgotten() {
        let (mut watches, socket, id) = (Watches::default(), SocketId(1), ConversationId::new());
        watches.begin(socket, id);
        assert_eq!(watches.behind(id, 7), None);
        assert!(
            watches.caught_up(socket, id, 5),
            "it read up to 5 but 7 moved by"
        );
        assert_eq!(watches.behind(id, 7), Some(5));
        assert_eq!(watches.send_to(id, 7), vec![(socket, 5)]);
        assert_eq!(watches.of_socket(socket, id), (1, true));
        assert_eq!(watches.behind(id, 7), None);
    }

    #[test]
    fn a_frame_builds_on_the_least_rev_of_all_watchers() {
        let (mut watches, id) = (Watches::default(), ConversationId::new());
        for (socket, rev) in [(SocketId(1), 3), (SocketId(2), 9)] {
            watches.begin(socket, id);
            assert!(!watches.caught_up(socket, id, rev));
        }
        assert_eq!(watches.behind(id, 9), Some(3));
        assert_eq!(watches.send_to(id, 9), vec![(SocketId(1), 3)]);
    }
}
