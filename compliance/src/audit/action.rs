//! The closed vocabulary of the audit log.
//!
//! Promises: every action is one enum variant and one dotted word, so a reader can list what is ever recorded.
//! A new access to personal data gets a new line here; words that were written are never renamed or reused.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every word there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word as it stands in the log.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words!(
    /// What was done.
    Action {
        /// A log-in succeeded.
        SessionOpened = "session.opened",
        /// A log-in was refused (outcome refused).
        SessionRefused = "session.refused",
        /// A log-out, or the end of a session.
        SessionClosed = "session.closed",
        /// Somebody ended a session that was not the current one.
        SessionRevoked = "session.revoked",
        /// A spent refresh token came back: the whole family was revoked.
        SessionReplayed = "session.replayed",
        /// An action was refused for lack of rights.
        AccessRefused = "access.refused",
        /// A list of conversations was subscribed to or fetched; detail: scope.
        InboxViewed = "inbox.viewed",
        /// A conversation's content began to be shown.
        ConversationOpened = "conversation.opened",
        /// It stopped being shown; detail: rev.
        ConversationClosed = "conversation.closed",
        /// A person took it.
        ConversationClaimed = "conversation.claimed",
        /// It was given to another person or team.
        ConversationTransferred = "conversation.transferred",
        /// It was given back to the queue.
        ConversationReleased = "conversation.released",
        /// It was ended.
        ConversationResolved = "conversation.resolved",
        /// It was opened again.
        ConversationReopened = "conversation.reopened",
        /// It was set aside until a time.
        ConversationSnoozed = "conversation.snoozed",
        /// A note was left.
        ConversationNoted = "conversation.noted",
        /// Priority, team or attributes were changed.
        ConversationUpdated = "conversation.updated",
        /// A person or key sent a message.
        MessageSent = "message.sent",
        /// A person sent an unknown or failed message again.
        MessageResent = "message.resent",
        /// A person cancelled a queued message.
        MessageCancelled = "message.cancelled",
        /// A person put a reaction on a message, or took it back.
        MessageReacted = "message.reacted",
        /// Older versions of an edited message were shown.
        MessageHistoryViewed = "message.history_viewed",
        /// Delivery facts of messages were looked up.
        MessageFound = "message.found",
        /// A file, or the small picture of one, was shown or downloaded; detail: variant, quarantined.
        MediaOpened = "media.opened",
        /// A file that failed or is in quarantine was ordered to be fetched again.
        MediaRetried = "media.retried",
        /// A search ran; detail: kind, results.
        SearchRan = "search.ran",
        /// A contact's record was shown.
        ContactViewed = "contact.viewed",
        /// A masked value was shown in full.
        ContactRevealed = "contact.revealed",
        /// A contact was looked up by an identity.
        ContactFound = "contact.found",
        /// A contact's record was corrected; detail: field.
        ContactCorrected = "contact.corrected",
        /// Two contacts became one; object: the one that remains, subject: of the one that was taken in.
        ContactMerged = "contact.merged",
        /// A merge was undone; object and subject as for the merge.
        ContactSplit = "contact.split",
        /// A contact's number or user id was replaced, as the channel announced it.
        ContactRotated = "contact.rotated",
        /// A contact's data was exported for the person.
        ContactExported = "contact.exported",
        /// A contact was erased.
        ContactErased = "contact.erased",
        /// A marketing consent was given or withdrawn by staff.
        ConsentChanged = "consent.changed",
        /// An erasure was blocked by a hold, or the hold placed or lifted.
        HoldChanged = "hold.changed",
        /// An export of data was made.
        ExportCreated = "export.created",
        /// A made export was fetched.
        ExportDownloaded = "export.downloaded",
        /// A report was shown.
        ReportViewed = "report.viewed",
        /// Audit events were shown in the console.
        AuditViewed = "audit.viewed",
        /// The audit log was exported.
        AuditExported = "audit.exported",
        /// A dead letter's content was shown.
        DeadLetterViewed = "dead_letter.viewed",
        /// A dead letter was fed again.
        DeadLetterRetried = "dead_letter.retried",
        /// A dead letter was thrown away.
        DeadLetterDropped = "dead_letter.dropped",
        /// A member of staff was added.
        AgentCreated = "agent.created",
        /// Name, teams, capacity or locale were changed.
        AgentUpdated = "agent.updated",
        /// The record of a member of staff was shown to another.
        AgentViewed = "agent.viewed",
        /// A role was changed.
        AgentRoleChanged = "agent.role_changed",
        /// A member of staff was locked out for good.
        AgentDeactivated = "agent.deactivated",
        /// A deactivated member of staff came back.
        AgentReactivated = "agent.reactivated",
        /// A password was changed or reset.
        AgentPasswordChanged = "agent.password_changed",
        /// A second factor was enrolled or removed; detail: state.
        AgentTotpChanged = "agent.totp_changed",
        /// A team was added, changed or removed; detail: change.
        TeamChanged = "team.changed",
        /// A number was added, changed or disabled; detail: change.
        ChannelChanged = "channel.changed",
        /// The text of something that Meta told was shown.
        NoticeOpened = "notice.opened",
        /// A template was changed; detail: change.
        TemplateChanged = "template.changed",
        /// A canned response was changed; detail: change.
        CannedResponseChanged = "canned_response.changed",
        /// A bot flow was changed; detail: change.
        FlowChanged = "flow.changed",
        /// A setting was changed.
        SettingChanged = "setting.changed",
        /// An API key was made.
        ApiKeyCreated = "api_key.created",
        /// An API key was revoked.
        ApiKeyRevoked = "api_key.revoked",
        /// A key-encryption key was rotated, keys rewrapped, or a version retired; detail: change, version.
        KeyChanged = "key.changed",
        /// A backup was restored and the erasure journal replayed.
        StoreRestored = "store.restored",
    }
);

words!(
    /// What it was done to.
    ObjectKind {
        /// A member of staff.
        Agent = "agent",
        /// An API key.
        ApiKey = "api_key",
        /// A canned response.
        CannedResponse = "canned_response",
        /// One of the company's numbers.
        Channel = "channel",
        /// A customer.
        Contact = "contact",
        /// A case.
        Conversation = "conversation",
        /// A dead letter.
        DeadLetter = "dead_letter",
        /// An export.
        Export = "export",
        /// A bot flow.
        Flow = "flow",
        /// A list of conversations.
        Inbox = "inbox",
        /// A job.
        Job = "job",
        /// A key version.
        Key = "key",
        /// A file.
        Media = "media",
        /// A message.
        Message = "message",
        /// Something that Meta told about accounts, numbers or templates.
        Notice = "notice",
        /// A report.
        Report = "report",
        /// A log-in.
        Session = "session",
        /// A team.
        Team = "team",
        /// A message template.
        Template = "template",
    }
);

impl Action {
    /// Whether a checkpoint is signed as soon as this is in the log, so that it cannot be dropped unseen.
    pub const fn is_signed_at_once(self) -> bool {
        matches!(
            self,
            Self::AuditExported
                | Self::ExportCreated
                | Self::ContactErased
                | Self::ContactExported
                | Self::KeyChanged
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_word_is_unique_and_plain() {
        let actions: HashSet<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(actions.len(), Action::ALL.len());
        for word in Action::ALL
            .iter()
            .map(|a| a.as_str())
            .chain(ObjectKind::ALL.iter().map(|o| o.as_str()))
        {
            assert!(
                word.bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.'),
                "{word}"
            );
        }
        for action in Action::ALL {
            let (noun, _) = action.as_str().split_once('.').unwrap();
            assert!(!noun.is_empty());
        }
    }
}
