//! Tracked spawning, so that a shutdown can wait for what runs.

use std::{future::Future, time::Duration};

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Spawns tasks and waits for them. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    cut: CancellationToken,
}

impl Tasks {
    /// Runs `work` to its end, unless it is [cut](Tasks::cut): then there is no output.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
    pub fn spawn<F>(&self, work: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(self.tracker.track_future(self.cut.clone().run_until_cancelled_owned(work)))
    }

    /// Runs `work` until [`Tasks::stop`]: for what has no end of its own.
    pub fn spawn_until_stopped<F>(&self, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        drop(self.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = work => {}
            }
        }));
    }

    /// Is cancelled by [`Tasks::stop`].
    pub fn stopped(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Ends what has no end of its own.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Ends everything at once; what was under way is dropped where it stands.
    pub fn cut(&self) {
        self.cut.cancel();
    }

    /// Is cancelled by [`Tasks::cut`].
    pub fn cut_off(&self) -> CancellationToken {
        self.cut.clone()
    }

    /// How many tasks run.
    pub fn running(&self) -> usize {
        self.tracker.len()
    }

    /// Waits up to `limit` for every task to end; tells how many had not.
    pub async fn drain(&self, limit: Duration) -> usize {
        self.tracker.close();
        match tokio::time::timeout(limit, self.tracker.wait()).await {
            Ok(()) => 0,
            Err(_) => self.running(),
        }
    }
}
