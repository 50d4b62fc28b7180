//! List subscriptions: which are touched by what moved, and what they showed last. Pure bookkeeping.

use std::collections::{HashMap, HashSet};

use balcao_core::model::{ConversationId, TeamId};
use balcao_core::store::inbox::{Place, Visibility};

use super::SocketId;
use crate::protocol::ListScope;
use crate::routing;

/// What a list shows: subscriptions with equal keys are read once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListKey {
    /// Which conversations.
    pub scope: ListScope,
    /// Only this team.
    pub team_id: Option<TeamId>,
    /// Rows.
    pub limit: usize,
    /// Whose eyes.
    pub eyes: Visibility,
}

#[derive(Debug)]
struct Subscription {
    key: ListKey,
    shown: HashSet<ConversationId>,
    dirty: bool,
}

/// All list subscriptions of a node.
#[derive(Debug, Default)]
pub(super) struct Lists {
    subscriptions: HashMap<(SocketId, String), Subscription>,
}

impl Lists {
    pub(super) fn begin(&mut self, socket: SocketId, name: String, key: ListKey) {
        self.subscriptions.insert(
            (socket, name),
            Subscription {
                key,
                shown: HashSet::new(),
                dirty: true,
            },
        );
    }

    pub(super) fn end(&mut self, socket: SocketId, name: &str) {
        self.subscriptions.remove(&(socket, name.to_owned()));
    }

    pub(super) fn forget_socket(&mut self, socket: SocketId) {
        self.subscriptions.retain(|(owner, _), _| *owner != socket);
    }

    /// How many lists a socket has, and whether one of them has this name.
    pub(super) fn of_socket(&self, socket: SocketId, name: &str) -> (usize, bool) {
        let names = self
            .subscriptions
            .keys()
            .filter(|(owner, _)| *owner == socket)
            .map(|(_, name)| name);
        names.fold((0, false), |(count, is_there), other| {
            (count + 1, is_there || other == name)
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// Marks the lists that show these conversations or should.
    pub(super) fn touch(&mut self, places: &[Place]) {
        for subscription in self
            .subscriptions
            .values_mut()
            .filter(|subscription| !subscription.dirty)
        {
            let key = &subscription.key;
            subscription.dirty = places.iter().any(|place| {
                subscription.shown.contains(&place.id)
                    || routing::belongs(place, key.scope, key.team_id, &key.eyes)
            });
        }
    }

    /// Marks every list: something may have been missed.
    pub(super) fn touch_all(&mut self) {
        for subscription in self.subscriptions.values_mut() {
            subscription.dirty = true;
        }
    }

    /// The touched lists by key, unmarked.
    pub(super) fn take_dirty(&mut self) -> HashMap<ListKey, Vec<(SocketId, String)>> {
        let mut dirty: HashMap<ListKey, Vec<(SocketId, String)>> = HashMap::new();
        for (owner, subscription) in self
            .subscriptions
            .iter_mut()
            .filter(|(_, subscription)| subscription.dirty)
        {
            subscription.dirty = false;
            dirty
                .entry(subscription.key.clone())
                .or_default()
                .push(owner.clone());
        }
        dirty
    }

    /// Remembers what a list shows now.
    pub(super) fn shows(&mut self, owner: &(SocketId, String), rows: &HashSet<ConversationId>) {
        if let Some(subscription) = self.subscriptions.get_mut(owner) {
            subscription.shown.clone_from(rows);
        }
    }

    /// A reading failed: try again at the next tick.
    pub(super) fn again(&mut self, owner: &(SocketId, String)) {
        if let Some(subscription) = self.subscriptions.get_mut(owner) {
            subscription.dirty = true;
        }
    }
}
