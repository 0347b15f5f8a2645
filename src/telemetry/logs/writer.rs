//! Writes log lines on a thread of its own, so that nobody who reads them slowly can hold up a call.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

use crate::telemetry::{drops::Drops, event::Signal};

/// The most lines that wait to be written; further ones are dropped and counted.
const LINES_MAX: usize = 8192;

/// The pause before a full queue is looked at again.
const FLUSH_PAUSE: Duration = Duration::from_millis(5);

/// Takes lines and hands them to the thread that writes.
#[derive(Clone)]
pub(in crate::telemetry) struct LineWriter {
    sender: SyncSender<Message>,
    drops: Arc<Drops>,
}

enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

impl LineWriter {
    /// Starts the thread. It ends when the last clone of the writer is gone.
    pub(in crate::telemetry) fn start(
        mut sink: impl Write + Send + 'static,
        drops: Arc<Drops>,
    ) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(LINES_MAX);
        std::thread::Builder::new()
            .name("log-writer".into())
            .spawn(move || write_all(&receiver, &mut sink))?;
        Ok(Self { sender, drops })
    }

    /// Waits until all lines so far are written, at most about `limit`. Blocks.
    pub(in crate::telemetry) fn flush(&self, limit: Duration) {
        let (done, flushed) = sync_channel(1);
        let mut message = Message::Flush(done);
        let mut waited = Duration::ZERO;
        while let Err(TrySendError::Full(unsent)) = self.sender.try_send(message) {
            if waited >= limit {
                return;
            }
            std::thread::sleep(FLUSH_PAUSE);
            waited += FLUSH_PAUSE;
            message = unsent;
        }
        // Past the limit there is nothing left to be done.
        let _ = flushed.recv_timeout(limit.saturating_sub(waited));
    }
}

fn write_all(lines: &Receiver<Message>, sink: &mut impl Write) {
    while let Ok(message) = lines.recv() {
        match message {
            // A sink that fails has nowhere to say so.
            Message::Line(line) => drop(sink.write_all(&line)),
            Message::Flush(done) => {
                let _ = sink.flush();
                let _ = done.send(());
            }
        }
    }
}

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.sender.try_send(Message::Line(line.to_vec())).is_err() {
            self.drops.add(Signal::Logs, 1);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LineWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A reader that takes nothing until the lock is free.
    struct Stuck(Arc<Mutex<u64>>);

    impl Write for Stuck {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            *self.0.lock().unwrap() += 1;
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stuck_reader_costs_lines_and_no_time() {
        let (written, drops) = (Arc::new(Mutex::new(0)), Arc::new(Drops::default()));
        let mut writer = LineWriter::start(Stuck(Arc::clone(&written)), Arc::clone(&drops)).unwrap();
        let stuck = written.lock().unwrap();
        let lines = LINES_MAX as u64 + 100;
        for _ in 0..lines {
            writer.write_all(b"line\n").unwrap();
        }
        drop(stuck);
        writer.flush(Duration::from_secs(5));
        let dropped = drops.count(Signal::Logs);
        assert!((99..=100).contains(&dropped), "{dropped} dropped: one line may be in the thread's hands");
        assert_eq!(*written.lock().unwrap() + dropped, lines);
    }
}
