//! The board the faults hang on: read whole, taken one at a time.
//!
//! Promises: a counted fault is taken exactly as often as ordered, whoever asks first.

use super::{Faults, GraphFault, MediaStep};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The faults that are on now.
#[derive(Debug, Default)]
pub(crate) struct FaultBoard(Mutex<Faults>);

impl FaultBoard {
    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of all faults.
    pub(crate) fn now(&self) -> Faults {
        self.lock().clone()
    }

    /// Replaces all faults.
    pub(crate) fn set(&self, faults: Faults) {
        *self.lock() = faults;
    }

    /// Takes one refused send from the board, if any is left.
    pub(crate) fn take_graph_error(&self) -> Option<GraphFault> {
        let mut faults = self.lock();
        let fault = faults.graph_error.as_mut()?;
        let taken = fault.clone();
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            faults.graph_error = None;
        }
        (taken.times > 0).then_some(taken)
    }

    /// Takes one error of a single number, if any is left.
    pub(crate) fn take_number_error(&self, phone_number_id: &str) -> Option<GraphFault> {
        let mut faults = self.lock();
        let slot = &mut faults.numbers.get_mut(phone_number_id)?.graph_error;
        let fault = slot.as_mut()?;
        let taken = fault.clone();
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            *slot = None;
        }
        (taken.times > 0).then_some(taken)
    }

    /// Takes one error at this step of a file's way, if any is left.
    pub(crate) fn take_media_error(&self, at: MediaStep) -> Option<u16> {
        let mut faults = self.lock();
        let fault = faults.media_error.as_mut().filter(|fault| fault.at == at)?;
        let (http, left) = (fault.http, fault.times);
        fault.times = left.saturating_sub(1);
        if fault.times == 0 {
            faults.media_error = None;
        }
        (left > 0).then_some(http)
    }

    /// A number was subscribed again: its fault is mended.
    pub(crate) fn mend_subscription(&self, phone_number_id: &str) {
        if let Some(number) = self.lock().numbers.get_mut(phone_number_id) {
            number.subscribed = None;
        }
    }

    /// Takes one later failure from the board, if any is left.
    pub(crate) fn take_fail_later(&self) -> Option<i64> {
        let mut faults = self.lock();
        let fault = faults.fail_later.as_mut()?;
        let (code, left) = (fault.code, fault.times);
        fault.times = left.saturating_sub(1);
        if fault.times == 0 {
            faults.fail_later = None;
        }
        (left > 0).then_some(code)
    }

    /// Takes one ERP error from the board, if any is left.
    pub(crate) fn take_erp_error(&self) -> Option<u16> {
        let mut faults = self.lock();
        let fault = faults.erp_error.as_mut()?;
        let (http, left) = (fault.http, fault.times);
        fault.times = left.saturating_sub(1);
        if fault.times == 0 {
            faults.erp_error = None;
        }
        (left > 0).then_some(http)
    }

    /// Takes one dropped connection from the board, if any is left.
    pub(crate) fn take_reset(&self) -> bool {
        take(&mut self.lock().graph_reset)
    }

    /// Takes one 502 from the board, if any is left; the value says whether the send goes out all the same.
    pub(crate) fn take_502(&self) -> Option<bool> {
        let mut faults = self.lock();
        take(&mut faults.graph_502_times).then_some(faults.graph_502_recorded)
    }
}

/// `u32::MAX` means until switched off.
fn take(left: &mut u32) -> bool {
    match *left {
        0 => false,
        u32::MAX => true,
        _ => {
            *left -= 1;
            true
        }
    }
}
