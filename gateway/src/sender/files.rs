//! Meta's ids of the files that a send carries.

use std::time::Duration;

use balcao_core::model::{Content, limits};
use balcao_core::store;
use balcao_core::store::channel::Channel;

use super::Sender;
use super::prepare::Unsent;
use super::wire::{self, Files};
use crate::cloud_api::Refusal;
use crate::graph_error::{self, Verdict};
use crate::media;

/// An upload that broke off, or whose fate Meta does not say, is made again after about so long: no message was sent.
const UPLOAD_AGAIN: Duration = Duration::from_secs(10);

impl Sender {
    /// Has each file uploaded, unless Meta has it already. An upload that outlasts the lease is not lost: its id is
    /// known when the send comes back.
    pub(super) async fn files(
        &self,
        channel: &Channel,
        content: &Content,
    ) -> Result<Result<Files, Unsent>, store::Error> {
        let mut files = Files::new();
        for file in wire::carried(content) {
            let unsent = match self.0.media.graph_id(channel, file).await {
                Ok(id) => {
                    files.insert(file, id);
                    continue;
                }
                Err(media::Unsent::Gone | media::Unsent::Blocked) => {
                    Unsent::failed(limits::BAD_FILE)
                }
                Err(media::Unsent::Refused(refusal)) => {
                    let unsent = judged(refusal);
                    tracing::info!(channel_id = %channel.id, ?refusal, ?unsent, "Meta refused a file of ours");
                    unsent
                }
                Err(media::Unsent::BrokeOff) => Unsent::Again(UPLOAD_AGAIN, limits::BAD_FILE),
                Err(media::Unsent::Later(delay)) => Unsent::Later(delay),
                Err(media::Unsent::Store(error)) => return Err(error),
            };
            return Ok(Err(unsent));
        }
        Ok(Ok(files))
    }
}

/// What a refused upload means for its send: as a refused send, but an upload may always be repeated.
fn judged(refusal: Refusal) -> Unsent {
    let Refusal {
        http_status,
        code,
        is_transient,
    } = refusal;
    match graph_error::verdict(code, http_status, is_transient) {
        Verdict::StopChannel => Unsent::Stop(code.unwrap_or_else(|| http_status.into())),
        Verdict::Fail => Unsent::failed(limits::BAD_FILE),
        Verdict::Retry(base) => Unsent::Again(base, code.unwrap_or(limits::BAD_FILE)),
        Verdict::PairWait | Verdict::Ambiguous => {
            Unsent::Again(UPLOAD_AGAIN, code.unwrap_or(limits::BAD_FILE))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: Option<i32>, http_status: u16) -> Unsent {
        judged(Refusal {
            http_status,
            code,
            is_transient: false,
        })
    }

    #[test]
    fn a_refused_upload_stops_the_number_fails_or_comes_back_as_its_code_says() {
        for code in [0, 190, 10, 131_005, 131_031] {
            assert!(
                matches!(of(Some(code), 400), Unsent::Stop(told) if told == code),
                "{code}"
            );
        }
        assert!(matches!(of(None, 401), Unsent::Stop(401)));
        for (code, http_status) in [
            (Some(131_053), 400),
            (Some(131_009), 400),
            (Some(100), 400),
            (None, 400),
            (None, 413),
        ] {
            assert!(
                matches!(
                    of(code, http_status),
                    Unsent::End(_, Some(limits::BAD_FILE))
                ),
                "{code:?}"
            );
        }
        for code in [4, 613, 80_007, 130_429, 131_000] {
            assert!(
                matches!(of(Some(code), 400), Unsent::Again(_, told) if told == code),
                "{code}"
            );
        }
        assert!(matches!(of(None, 503), Unsent::Again(UPLOAD_AGAIN, _)));
    }
}
