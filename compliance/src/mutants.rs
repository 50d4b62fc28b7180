//! Deliberate faults, so that every check of `tests/` has been seen to fail (docs/mutants.md lists fault and check).
//!
//! Promises: without the feature `mutants` no fault can live: [`Mutant::lives`] is a constant `false` and the compiler
//! drops what stands behind it; with it one is chosen once, at start, and a name that nobody knows is refused.
//! Does not: read the environment (`balcao_core::config::choose_mutant` does), nor ever belong to the product:
//! `cargo xtask lint` shows that nothing which is shipped or demonstrated turns the feature on.

#[cfg(feature = "mutants")]
use std::sync::OnceLock;

macro_rules! mutants {
    ($($(#[$what:meta])+ $mutant:ident = $name:literal,)+) => {
        /// A promise that is broken on purpose.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Mutant {
            $($(#[$what])+ $mutant,)+
        }

        impl Mutant {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$mutant,)+];

            /// Its name in `BALCAO_MUTANT`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$mutant => $name,)+
                }
            }
        }
    };
}

mutants! {
    /// Meta gets 200 a second before its webhook is stored.
    AckBeforeCommit = "ack-before-commit",
    /// Each delivery of a message counts as a message of its own.
    DedupeOff = "dedupe-off",
    /// An item takes two numbers.
    SeqWithGaps = "seq-with-gaps",
    /// The newest status wins, not the highest.
    RanksFall = "ranks-fall",
    /// A status that is faster than its message is forgotten.
    EarlyStatusLost = "early-status-lost",
    /// A call without an answer is made again.
    BlindResend = "blind-resend",
    /// The lease of a send does not end.
    LeaseForever = "lease-forever",
    /// What waits to be sent waits longer after a start.
    SenderStartsLate = "sender-starts-late",
    /// Live changes are not sent to whoever watches.
    HubDeaf = "hub-deaf",
    /// A frame leaves notes and system lines out.
    FrameLosesAnItem = "frame-loses-an-item",
    /// Who resumes misses the newest item.
    ResumeLosesAnItem = "resume-loses-an-item",
    /// Nothing looks for changes that no wake told.
    SafetyNetOff = "safety-net-off",
    /// What is sealed can be read.
    SealNothing = "seal-nothing",
    /// A log line holds the customer's address.
    PhoneInLog = "phone-in-log",
    /// Opening a conversation leaves no event.
    AccessUnrecorded = "access-unrecorded",
    /// An export leaves an event out.
    ExportOmitsAnEvent = "export-omits-an-event",
    /// The verifier does not compare an event with its leaf.
    VerifierBelieves = "verifier-believes",
    /// Who is erased keeps the key.
    EraseKeepsKey = "erase-keeps-key",
    /// Without Redis the node takes itself for not ready.
    ReadinessNeedsRedis = "readiness-needs-redis",
    /// Without Redis nothing is limited.
    LimitsOpenWithoutRedis = "limits-open-without-redis",
    /// Every signature is right.
    SignatureUnchecked = "signature-unchecked",
    /// Only the first app secret is looked at.
    OneSecretOnly = "one-secret-only",
    /// A webhook is read whatever its headers say.
    HeadersIgnored = "headers-ignored",
    /// A slow body is waited for.
    SlowBodyAwaited = "slow-body-awaited",
    /// Calls without a signature cost their address nothing.
    UnsignedUnlimited = "unsigned-unlimited",
    /// What is not understood is dropped.
    DeadLettersLost = "dead-letters-lost",
    /// A claim asks nobody who owns the conversation.
    ClaimBlind = "claim-blind",
    /// The bot speaks although a person took over.
    BotSpeaksOverPeople = "bot-speaks-over-people",
    /// The bot answers each message at once.
    DebounceOff = "debounce-off",
    /// A log-in tells that there is no such account.
    LoginTells = "login-tells",
    /// Passwords may be guessed without end.
    GuessingFree = "guessing-free",
    /// Every role may export the audit log.
    ExportForAll = "export-for-all",
    /// A session that ended is still good.
    RevocationIgnored = "revocation-ignored",
    /// A ticket opens a second socket.
    TicketTwice = "ticket-twice",
    /// A refresh token that was spent long ago still renews.
    RefreshReplayed = "refresh-replayed",
    /// Everybody sees the conversations of all teams.
    TeamWallsDown = "team-walls-down",
    /// A node that drains does not say so to its sockets.
    DrainSilent = "drain-silent",
    /// Something is measured that the catalogue does not know.
    MetricUnlisted = "metric-unlisted",
    /// A number is the same person whatever user id comes with it.
    NumberNamesThePerson = "number-names-the-person",
    /// What is for a contact still goes to a number that is somebody else's now.
    NumberStillReached = "number-still-reached",
    /// Records that are seen together stay two.
    SeenTogetherStaysApart = "seen-together-stays-apart",
    /// Who has a new user id is somebody new.
    RotationForgetsWho = "rotation-forgets-who",
    /// A number is known in one spelling only.
    OneSpellingOnly = "one-spelling-only",
    /// A username is taken for an identity.
    UsernameNamesThePerson = "username-names-the-person",
    /// Everybody may join and part records.
    MergeForAll = "merge-for-all",
    /// Records are joined without an event.
    MergeUnrecorded = "merge-unrecorded",
    /// Who was guessed to be whom before records were parted still is.
    OldGuessesHold = "old-guesses-hold",
    /// What staff have put apart is joined again.
    PartedIsForgotten = "parted-is-forgotten",
    /// An erasure leaves out what was taken in.
    ErasesOneRecord = "erases-one-record",
    /// Everybody opens the files of all teams.
    MediaForAll = "media-for-all",
    /// Opening a file leaves no event.
    MediaUnrecorded = "media-unrecorded",
    /// A file lies in clear beside the sealed one.
    MediaInClear = "media-in-clear",
    /// An erasure leaves the bytes of files.
    MediaOutlivesErasure = "media-outlives-erasure",
    /// A file that is asked for again is not fetched again.
    MediaGivenUp = "media-given-up",
    /// Failed fetches cost a number nothing.
    MediaBudgetUnspent = "media-budget-unspent",
    /// Everybody opens an upload before it is sent.
    UploadForAll = "upload-for-all",
    /// Uploads that nobody sends stay.
    LooseFilesStay = "loose-files-stay",
    /// A file is what its sender says.
    MediaTypeBelieved = "media-type-believed",
    /// The scanner is not asked.
    MediaUnscanned = "media-unscanned",
    /// A file may have any size.
    MediaWithoutEnd = "media-without-end",
    /// A broken picture is shown in the page.
    MediaInlineUnproven = "media-inline-unproven",
    /// A file is saved under its sender's name.
    MediaNameBelieved = "media-name-believed",
    /// Files are fetched from any address.
    MediaHostsUnchecked = "media-hosts-unchecked",
    /// A redirect is followed.
    MediaRedirected = "media-redirected",
    /// Other bytes than announced are kept.
    MediaHashIgnored = "media-hash-ignored",
    /// Whoever sees the conversation opens what is in quarantine.
    QuarantineOpen = "quarantine-open",
    /// Several ranges are taken for none.
    RangesUncounted = "ranges-uncounted",
}

#[cfg(feature = "mutants")]
static CHOSEN: OnceLock<Mutant> = OnceLock::new();

impl Mutant {
    /// Whether this build has them.
    pub const COMPILED: bool = cfg!(feature = "mutants");

    /// Whether this fault is the chosen one.
    #[cfg(not(feature = "mutants"))]
    #[must_use]
    pub const fn lives(self) -> bool {
        false
    }

    /// Whether this fault is the chosen one.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub fn lives(self) -> bool {
        CHOSEN.get() == Some(&self)
    }

    /// Chooses the fault of this name for the life of the process; the first choice holds. `None`: there is no such
    /// fault, do not start.
    #[must_use]
    pub fn choose(name: &str) -> Option<Self> {
        let chosen = Self::ALL
            .iter()
            .copied()
            .find(|mutant| mutant.name() == name)?;
        #[cfg(feature = "mutants")]
        let chosen = *CHOSEN.get_or_init(|| chosen);
        Some(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_knows_is_refused() {
        assert_eq!(Mutant::choose("dedupe-of"), None);
        assert_eq!(Mutant::choose(""), None);
    }

    #[cfg(not(feature = "mutants"))]
    #[test]
    fn without_the_feature_none_lives_even_when_chosen() {
        for mutant in Mutant::ALL {
            assert_eq!(Mutant::choose(mutant.name()), Some(*mutant));
            assert!(!mutant.lives());
        }
    }
}
