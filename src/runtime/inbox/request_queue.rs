//! Requests that wait for the vision thread: bounded in number and bytes, with a share for each class.

use std::collections::VecDeque;

use crate::core::result_code::ResultCode;
use crate::runtime::api::Refusal;
use crate::runtime::requests::{Class, PendingRequest};

/// What may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runtime) struct Bounds {
    /// `limits.max_pending`.
    pub number: usize,
    /// `limits.max_pending_mb`.
    pub bytes: usize,
}

impl Bounds {
    pub(in crate::runtime) fn overloaded(&self, what: &str) -> Refusal {
        let most = self.number;
        let message =
            format!("{most} {what} are waiting already (limits.max_pending): expected fewer; ask again later");
        Refusal::new(ResultCode::Overloaded, message)
    }

    pub(in crate::runtime) fn too_many_bytes(&self, what: &str, bytes: usize) -> Refusal {
        let (most, mib) = (self.bytes >> 20, bytes as f64 / f64::from(1 << 20));
        let message = format!(
            "{what} may hold {most} MiB while they wait (limits.max_pending_mb), and there is no room for {mib:.1} MiB more: \
             ask again later, or for less"
        );
        Refusal::new(ResultCode::Overloaded, message)
    }
}

/// A request that finds no room, and what it is answered.
pub(super) type Refused = (PendingRequest, Refusal);

/// Oldest first.
#[derive(Debug, Default)]
pub(in crate::runtime) struct RequestQueue(VecDeque<PendingRequest>);

impl RequestQueue {
    /// Where it is full, a class that has less than its share displaces the newest requests of the one that has most. Returns
    /// those, to be refused by the caller.
    ///
    /// # Errors
    /// `OVERLOADED`: there is no room, and no class has more. The request comes back with it.
    pub(super) fn put(&mut self, request: PendingRequest, bounds: Bounds) -> Result<Vec<Refused>, Box<Refused>> {
        let is_full = |queue: &Self| queue.0.len() >= bounds.number || queue.bytes() + request.bytes > bounds.bytes;
        if is_full(self) {
            // Callers who have left must not keep others out.
            self.0.retain(|waiting| !waiting.reply.is_gone());
        }
        let mut displaced = Vec::new();
        while is_full(self) {
            let is_over_number = self.0.len() >= bounds.number;
            let victim = if is_over_number {
                self.largest(&request, |_| 1)
            } else {
                self.largest(&request, |request| request.bytes)
            };
            let refusal = if is_over_number {
                bounds.overloaded("requests")
            } else {
                bounds.too_many_bytes("requests", request.bytes)
            };
            let Some(index) = victim else {
                // Nobody leaves for one who does not come in.
                displaced.into_iter().rev().for_each(|(index, request)| self.0.insert(index, request));
                return Err(Box::new((request, refusal)));
            };
            displaced.extend(self.0.remove(index).map(|victim| (index, victim)));
        }
        self.0.push_back(request);
        let message = "displaced while it waited: many requests of its kind wait (limits.max_pending, limits.max_pending_mb), and \
                       other kinds have their share of the room; ask again later";
        let refusal = Refusal::new(ResultCode::Overloaded, message);
        Ok(displaced.into_iter().map(|(_, request)| (request, refusal.clone())).collect())
    }

    /// The newest request of the class with the largest sum, if that class still has no less than that of `newcomer` when the
    /// two have changed places.
    fn largest(&self, newcomer: &PendingRequest, size: impl Fn(&PendingRequest) -> usize) -> Option<usize> {
        let of = |class: Class| -> usize { self.0.iter().filter(|one| one.class == class).map(&size).sum() };
        let own = of(newcomer.class) + size(newcomer);
        let classes = self.0.iter().map(|one| one.class).filter(|class| *class != newcomer.class);
        let (most, class) = classes.map(|class| (of(class), class)).max()?;
        let index = self.0.iter().rposition(|one| one.class == class && size(one) > 0)?;
        (most - size(&self.0[index]) >= own).then_some(index)
    }

    pub(in crate::runtime) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|request| request.bytes).sum()
    }

    pub(in crate::runtime) fn retain(&mut self, keep: impl Fn(&PendingRequest) -> bool) {
        self.0.retain(keep);
    }

    /// Those that are wanted, in their order; the others stay.
    pub(in crate::runtime) fn take(&mut self, wanted: impl Fn(&PendingRequest) -> bool) -> Vec<PendingRequest> {
        let (taken, kept) = std::mem::take(&mut self.0).into_iter().partition(wanted);
        self.0 = kept;
        Vec::from(taken)
    }

    /// For a turn, in their order: of those that are wanted the oldest, which thus never waits for long, and as many more as have
    /// room for their prompts, the smallest first, so that large ones do not keep small ones waiting.
    pub(in crate::runtime) fn take_for_turn(
        &mut self,
        room: usize,
        wanted: impl Fn(&PendingRequest) -> bool,
    ) -> Vec<PendingRequest> {
        let mut taken: Vec<PendingRequest> = self.take_first(&wanted).into_iter().collect();
        taken.extend(self.take_fitting(room, wanted));
        taken
    }

    /// As many as have room for their prompts, the smallest first, in their order.
    pub(in crate::runtime) fn take_fitting(
        &mut self,
        room: usize,
        wanted: impl Fn(&PendingRequest) -> bool,
    ) -> Vec<PendingRequest> {
        let size = |index: usize| self.0[index].request.prompts.len();
        let mut indices: Vec<usize> = (0..self.0.len()).filter(|&index| wanted(&self.0[index])).collect();
        indices.sort_by_key(|&index| size(index));
        let mut used = 0;
        indices.retain(|&index| {
            used += size(index);
            used <= room
        });
        indices.sort_unstable();
        let mut taken: Vec<PendingRequest> = indices.iter().rev().filter_map(|&index| self.0.remove(index)).collect();
        taken.reverse();
        taken
    }

    /// The oldest one of these.
    pub(in crate::runtime) fn take_first(
        &mut self,
        wanted: impl Fn(&PendingRequest) -> bool,
    ) -> Option<PendingRequest> {
        let index = self.0.iter().position(wanted)?;
        self.0.remove(index)
    }

    pub(in crate::runtime) fn drain(&mut self) -> Vec<PendingRequest> {
        std::mem::take(&mut self.0).into()
    }
}
