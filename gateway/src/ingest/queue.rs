//! What waits to be stored, and who waits for it.
//!
//! Promises: bounded in items and bytes, refusing at once when full or late; a large webhook does not hold up small
//! ones: every waiting parcel gets a fair share of each round, and its receipt after its last item.
//! Does not: keep anything across a restart: what has no receipt was not acknowledged and Meta sends it again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use balcao_core::metrics;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Bytes of webhooks in the queue, in KiB (64 MiB).
const MAX_QUEUE_KIB: usize = 64 * 1024;
/// Nothing waits.
const IDLE: u64 = u64::MAX;

/// What became of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Every item is committed: 200.
    Stored,
    /// At least one may not be: 503, and deduplication absorbs the repetition.
    Unsure,
}

/// Why a parcel was not taken: 503, come back soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// The front of the queue. Clones are the same queue; when the last one is dropped, the writer finishes and leaves.
#[derive(Clone)]
pub struct Queue<W> {
    line: mpsc::UnboundedSender<Parcel<W>>,
    items: Arc<Semaphore>,
    max_items: usize,
    kib: Arc<Semaphore>,
    lag: Arc<Lag>,
    max_lag: Duration,
}

/// The back of the queue: the writer's.
pub struct Waiting<W> {
    line: mpsc::UnboundedReceiver<Parcel<W>>,
    parcels: VecDeque<Parcel<W>>,
    lag: Arc<Lag>,
}

/// The items of one webhook.
struct Parcel<W> {
    work: VecDeque<W>,
    unsettled: usize,
    is_started: bool,
    since: Instant,
    receipt: oneshot::Sender<Receipt>,
    _room: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

/// What one round stores: items with the parcel of this round they belong to.
pub struct Round<W> {
    parcels: Vec<Parcel<W>>,
    /// Index of the parcel, item.
    pub pieces: Vec<(usize, W)>,
}

/// Makes a queue for `max_items` items that refuses new ones once the oldest waited for `max_lag`.
pub fn queue<W>(max_items: usize, max_lag: Duration) -> (Queue<W>, Waiting<W>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let lag = Arc::new(Lag {
        origin: Instant::now(),
        since_ms: AtomicU64::new(IDLE),
    });
    let queue = Queue {
        line: sender,
        items: Arc::new(Semaphore::new(max_items)),
        max_items,
        kib: Arc::new(Semaphore::new(MAX_QUEUE_KIB)),
        lag: Arc::clone(&lag),
        max_lag,
    };
    (
        queue,
        Waiting {
            line: receiver,
            parcels: VecDeque::new(),
            lag,
        },
    )
}

impl<W> Queue<W> {
    /// Whether new calls are refused because the oldest one waits too long.
    pub fn is_late(&self) -> bool {
        self.lag.age().is_some_and(|age| age >= self.max_lag)
    }

    /// Takes the items of a webhook of `bytes`, or refuses at once.
    ///
    /// # Errors
    /// [`Busy`] when there is no room.
    pub fn put(&self, work: Vec<W>, bytes: usize) -> Result<oneshot::Receiver<Receipt>, Busy> {
        let room = (
            take(&self.items, work.len().min(self.max_items))?,
            take(&self.kib, bytes.div_ceil(1024))?,
        );
        let (receipt, answer) = oneshot::channel();
        let unsettled = work.len();
        let since = Instant::now();
        let parcel = Parcel {
            work: work.into(),
            unsettled,
            is_started: false,
            since,
            receipt,
            _room: room,
        };
        self.line.send(parcel).map_err(|_| Busy)?;
        Ok(answer)
    }
}

fn take(room: &Arc<Semaphore>, wanted: usize) -> Result<OwnedSemaphorePermit, Busy> {
    let wanted = u32::try_from(wanted).map_err(|_| Busy)?;
    Arc::clone(room)
        .try_acquire_many_owned(wanted)
        .map_err(|_| Busy)
}

impl<W> Waiting<W> {
    /// Waits for work and takes up to `max_items`: all that waited while the last round ran. `None`: the queue is
    /// closed and empty.
    pub async fn round(&mut self, max_items: usize) -> Option<Round<W>> {
        if self.parcels.is_empty() {
            self.lag.idle();
            let first = self.line.recv().await?;
            self.parcels.push_back(first);
        }
        while let Ok(parcel) = self.line.try_recv() {
            self.parcels.push_back(parcel);
        }
        let round = deal(&mut self.parcels, max_items);
        let unstarted = self
            .parcels
            .iter()
            .filter(|parcel| !parcel.is_started)
            .map(|parcel| parcel.since)
            .min();
        // What waits behind this round waits since it began at the latest, whoever comes in meanwhile.
        self.lag.waits_since(unstarted.unwrap_or_else(Instant::now));
        Some(round)
    }

    /// Ends a round: `is_stored` says for each piece whether it is committed. Finished and failed parcels get their
    /// receipt, the others wait for their next share.
    pub fn settle(&mut self, mut parcels: Vec<Unsettled<W>>, outcomes: &[(usize, bool)]) {
        let mut failed = vec![false; parcels.len()];
        for (parcel, is_stored) in outcomes {
            parcels[*parcel].0.unsettled -= 1;
            failed[*parcel] |= !is_stored;
        }
        for (Unsettled(parcel), failed) in parcels.into_iter().zip(failed) {
            if failed {
                tell(parcel, Receipt::Unsure);
            } else if parcel.unsettled == 0 {
                tell(parcel, Receipt::Stored);
            } else {
                self.parcels.push_back(parcel);
            }
        }
    }
}

fn tell<W>(parcel: Parcel<W>, receipt: Receipt) {
    if parcel.receipt.send(receipt).is_err() {
        tracing::debug!("nobody waited for a receipt any more; Meta will send again");
    }
}

/// A parcel that a round works on.
pub struct Unsettled<W>(Parcel<W>);

impl<W> Round<W> {
    /// The parcels and what to store of them.
    pub fn into_parts(self) -> (Vec<Unsettled<W>>, Vec<(usize, W)>) {
        (
            self.parcels.into_iter().map(Unsettled).collect(),
            self.pieces,
        )
    }
}

/// Deals up to `max_items`: one parcel after the other gives an equal share, again until the round is full.
fn deal<W>(waiting: &mut VecDeque<Parcel<W>>, max_items: usize) -> Round<W> {
    let at_once = waiting.len().min(max_items);
    let mut parcels: Vec<Parcel<W>> = waiting.drain(..at_once).collect();
    let mut pieces = Vec::new();
    loop {
        let hungry = parcels
            .iter()
            .filter(|parcel| !parcel.work.is_empty())
            .count();
        let room = max_items - pieces.len();
        if hungry == 0 || room == 0 {
            break;
        }
        let share = (room / hungry).max(1);
        for (index, parcel) in parcels.iter_mut().enumerate() {
            let count = share.min(parcel.work.len()).min(max_items - pieces.len());
            parcel.is_started = true;
            pieces.extend(parcel.work.drain(..count).map(|work| (index, work)));
        }
    }
    Round { parcels, pieces }
}

/// Since when something waits, readable without a lock.
struct Lag {
    origin: Instant,
    since_ms: AtomicU64,
}

impl Lag {
    fn idle(&self) {
        self.since_ms.store(IDLE, Ordering::Relaxed);
        ::metrics::gauge!(metrics::INGEST_QUEUE_AGE).set(0.0);
    }

    fn waits_since(&self, since: Instant) {
        let ms =
            u64::try_from(since.saturating_duration_since(self.origin).as_millis()).unwrap_or(IDLE);
        self.since_ms.store(ms, Ordering::Relaxed);
        ::metrics::gauge!(metrics::INGEST_QUEUE_AGE).set(since.elapsed().as_secs_f64());
    }

    fn age(&self) -> Option<Duration> {
        match self.since_ms.load(Ordering::Relaxed) {
            IDLE => None,
            ms => Some(
                self.origin
                    .elapsed()
                    .saturating_sub(Duration::from_millis(ms)),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG: Duration = Duration::from_millis(2_500);

    async fn next(
        waiting: &mut Waiting<u32>,
        max_items: usize,
    ) -> (Vec<Unsettled<u32>>, Vec<(usize, u32)>) {
        waiting.round(max_items).await.unwrap().into_parts()
    }

    fn all(pieces: &[(usize, u32)], is_stored: bool) -> Vec<(usize, bool)> {
        pieces
            .iter()
            .map(|(parcel, _)| (*parcel, is_stored))
            .collect()
    }

    #[tokio::test]
    async fn a_large_parcel_leaves_room_for_small_ones_and_is_receipted_last() {
        let (queue, mut waiting) = queue(10_000, LAG);
        let mut large = queue.put((0..1_000).collect(), 10).unwrap();
        let mut small = queue.put(vec![5_000, 5_001], 10).unwrap();
        let (parcels, pieces) = next(&mut waiting, 100).await;
        assert_eq!(pieces.len(), 100);
        assert!(pieces.contains(&(1, 5_001)));
        waiting.settle(parcels, &all(&pieces, true));
        assert_eq!(small.try_recv(), Ok(Receipt::Stored));
        let mut seen: Vec<u32> = pieces
            .into_iter()
            .filter(|(parcel, _)| *parcel == 0)
            .map(|(_, work)| work)
            .collect();
        while seen.len() < 1_000 {
            assert!(large.try_recv().is_err(), "a receipt before the last item");
            let (parcels, pieces) = next(&mut waiting, 100).await;
            waiting.settle(parcels, &all(&pieces, true));
            seen.extend(pieces.into_iter().map(|(_, work)| work));
        }
        assert_eq!(seen, (0..1_000).collect::<Vec<u32>>());
        assert_eq!(large.try_recv(), Ok(Receipt::Stored));
    }

    #[tokio::test]
    async fn one_unsure_item_makes_its_parcel_unsure_and_no_other() {
        let (queue, mut waiting) = queue(100, LAG);
        let mut unlucky = queue.put(vec![1, 2], 10).unwrap();
        let mut lucky = queue.put(vec![3], 10).unwrap();
        let (parcels, pieces) = next(&mut waiting, 100).await;
        let outcomes: Vec<(usize, bool)> = pieces
            .iter()
            .map(|(parcel, work)| (*parcel, *work != 2))
            .collect();
        waiting.settle(parcels, &outcomes);
        assert_eq!(unlucky.try_recv(), Ok(Receipt::Unsure));
        assert_eq!(lucky.try_recv(), Ok(Receipt::Stored));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_has_room_after_the_receipt() {
        let (queue, mut waiting) = queue(2, LAG);
        queue.put(vec![1, 2], 10).unwrap();
        assert_eq!(queue.put(vec![3], 10).unwrap_err(), Busy);
        let (parcels, pieces) = next(&mut waiting, 100).await;
        waiting.settle(parcels, &all(&pieces, true));
        assert!(queue.put(vec![3], 10).is_ok());
        assert_eq!(
            queue.put(vec![4], MAX_QUEUE_KIB * 1024).unwrap_err(),
            Busy,
            "bytes count too"
        );
    }

    #[tokio::test]
    async fn a_parcel_larger_than_the_queue_gets_through_when_it_is_alone() {
        let (queue, mut waiting) = queue(2, LAG);
        let mut receipt = queue.put(vec![1, 2, 3], 10).unwrap();
        let (parcels, pieces) = next(&mut waiting, 100).await;
        waiting.settle(parcels, &all(&pieces, true));
        assert_eq!(receipt.try_recv(), Ok(Receipt::Stored));
    }

    #[tokio::test]
    async fn a_round_that_takes_too_long_makes_the_queue_late_until_it_ends() {
        let (queue, mut waiting) = queue(10, Duration::ZERO);
        assert!(!queue.is_late(), "nothing waits");
        queue.put(vec![1], 10).unwrap();
        let (parcels, pieces) = next(&mut waiting, 100).await;
        assert!(
            queue.is_late(),
            "a limit of nought is exceeded while a round runs"
        );
        waiting.settle(parcels, &all(&pieces, true));
        let lag = Arc::clone(&queue.lag);
        drop(queue);
        assert!(waiting.round(100).await.is_none(), "closed and empty");
        assert_eq!(lag.age(), None);
    }
}
