//! Bounds what answers take while they are made and read: threads, and memory.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most answers about calls that are made or read at once; further questions wait for their turn. Each may tell
/// of all calls that are kept, in some 15 MB.
pub const CALLS_RENDERS_MAX: usize = 4;

/// The most overviews that are made or read at once. They are small, and wait for nobody who asks for calls.
const OVERVIEW_RENDERS_MAX: usize = 2;

/// The most pages of `/metrics` that are made or read at once. They have places of their own: whoever asks the API
/// keeps no Prometheus waiting.
const METRICS_RENDERS_MAX: usize = 2;

/// Places to make answers in. Cheap to clone.
#[derive(Clone)]
pub(super) struct Renders(Arc<Semaphore>);

/// A text, and the place that it takes until its last byte is written.
struct Placed {
    text: Vec<u8>,
    _place: OwnedSemaphorePermit,
}

impl Renders {
    /// Those of `/api/calls`.
    pub(super) fn of_calls() -> Self {
        Self::new(CALLS_RENDERS_MAX)
    }

    /// Those of `/api/overview`.
    pub(super) fn of_overviews() -> Self {
        Self::new(OVERVIEW_RENDERS_MAX)
    }

    /// Those of `/metrics`.
    pub(super) fn of_metrics() -> Self {
        Self::new(METRICS_RENDERS_MAX)
    }

    fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// What `make` writes, made on a thread that serves no calls; nothing if it fails. The place is taken before the
    /// thread: who leaves while waiting for it leaves no work behind.
    pub(super) async fn render(
        &self,
        make: impl FnOnce() -> Option<Vec<u8>> + Send + 'static,
    ) -> Option<Bytes> {
        let place = Arc::clone(&self.0).acquire_owned().await.ok()?;
        let text = tokio::task::spawn_blocking(move || {
            make().map(|text| Bytes::from_owner(Placed { text, _place: place }))
        });
        text.await.ok()?
    }
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    async fn render(renders: &Renders) -> Option<Bytes> {
        renders.render(|| Some(b"made".to_vec())).await
    }

    #[tokio::test]
    async fn a_place_is_taken_until_the_last_byte_is_gone() {
        let renders = Renders::new(1);
        let first = render(&renders).await.unwrap();
        let part = first.slice(3..);
        drop(first);
        let mut second = std::pin::pin!(render(&renders));
        assert_eq!(second.as_mut().now_or_never(), None);
        assert_eq!(renders.0.available_permits(), 0);
        drop(part);
        assert_eq!(second.await.unwrap(), "made");
        assert_eq!(renders.0.available_permits(), 1);
    }

    #[tokio::test]
    async fn who_leaves_while_waiting_leaves_no_work_behind() {
        let renders = Renders::new(1);
        let first = render(&renders).await;
        let left = renders.render(|| panic!("nobody waits for this")).now_or_never();
        assert_eq!(left, None);
        drop(first);
        assert_eq!(render(&renders).await.unwrap(), "made");
    }

    #[tokio::test]
    async fn a_place_is_given_back_if_nothing_is_made() {
        let renders = Renders::new(1);
        assert_eq!(renders.render(|| None).await, None);
        assert_eq!(render(&renders).await.unwrap(), "made");
    }
}
