//! What every handler and socket of this crate shares, and who is calling.
//!
//! Promises: a [`Caller`] is a member of staff whose session was good at most a second ago, with the role and teams
//! that the directory knows now, not those of the moment of log-in.
//! Does not: decide who may do what; the verbs of `desk` and `views` do.

mod directory;

use std::sync::Arc;

use balcao_core::context::{Context, key_provider};
use balcao_core::files::Files;
use balcao_core::model::{AgentId, Locale, RequestId, Role, SessionId, TeamId};
use compliance::audit::{Action, Event, Signer};
use compliance::vault::Seed;

pub use directory::{AgentCard, Directory, TeamCard};

use crate::auth;
use crate::error::Error;
use crate::hub::Hub;

/// The shared parts of the people's side of a node. Cheap to clone.
#[derive(Clone)]
pub struct People {
    /// The node.
    pub ctx: Context,
    /// Signs and reads access tokens.
    pub tokens: Arc<auth::Tokens>,
    /// Which sessions have ended.
    pub sessions: auth::Sessions,
    /// Names, roles and teams.
    pub directory: Directory,
    /// Live sockets.
    pub hub: Hub,
    /// Password hashing, at most one a core.
    pub passwords: auth::Passwords,
    /// Counts of password attempts.
    pub attempts: auth::Attempts,
    /// Signs audit exports.
    pub signer: Arc<Signer>,
    /// Object store, scanner and decoders.
    pub files: Files,
}

impl People {
    /// Gathers the parts: reads the signing seeds, the recent revocations and the directory.
    ///
    /// # Errors
    /// [`Error::Compliance`] when a seed cannot be read; [`Error::Database`], [`Error::Store`] when PostgreSQL does
    /// not answer.
    pub async fn new(ctx: Context) -> Result<Self, Error> {
        let keys = key_provider(&ctx.config.keys)?;
        let (session, audit) = (keys.seed(Seed::Session)?, keys.seed(Seed::Audit)?);
        Ok(Self {
            tokens: Arc::new(auth::Tokens::new(
                &session,
                ctx.clock.clone(),
                ctx.config.session.access_seconds,
            )),
            sessions: auth::Sessions::load(&ctx).await?,
            directory: Directory::load(&ctx).await?,
            hub: Hub::new(ctx.clone()),
            passwords: auth::Passwords::new()?,
            attempts: auth::Attempts::new(&ctx.config.session),
            signer: Arc::new(Signer::new(&ctx.config.compliance.audit_origin, &audit)?),
            files: Files::open(&ctx.config.media)?,
            ctx,
        })
    }
}

/// Who is calling, under which log-in.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub agent_id: AgentId,
    /// Under which log-in.
    pub session_id: SessionId,
    /// What they may do.
    pub role: Role,
    /// Teams they work for.
    pub team_ids: Arc<[TeamId]>,
    /// Their language.
    pub locale: Locale,
    /// This call, as in logs and the audit log.
    pub request_id: RequestId,
}

impl Caller {
    /// An audit event by this caller, under this session and request.
    pub fn event(&self, action: Action) -> Event {
        Event::by_agent(action, self.agent_id.0)
            .session(self.session_id.0)
            .request(self.request_id.0)
    }

    /// Whether the team is one of theirs.
    #[must_use]
    pub fn is_in(&self, team_id: TeamId) -> bool {
        self.team_ids.contains(&team_id)
    }
}
