//! Why the server closed a socket (RFC 6455 section 7.4.2, private range).

/// The session was revoked or ran out.
pub const SESSION_ENDED: u16 = 4401;
/// The client did not read fast enough; it may connect again and resume.
pub const SLOW_CONSUMER: u16 = 4408;
/// The client sends too much.
pub const RATE_LIMITED: u16 = 4429;
