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

use crate::telemetry::{
    drops::Drops,
    event::{DropCause, Signal},
};

/// The most lines that wait to be written; further ones are dropped and counted.
const LINES_MAX: usize = 8192;

/// How long lines wait for company: waking the thread for each would cost a call more than all else that
/// telemetry does for it.
const GATHERING_TIME: Duration = Duration::from_millis(5);

/// The most bytes of lines that are written at once, unless one is longer: what a pipe on Linux takes whole,
/// so that what others write to it never stands within a line.
const WRITE_BYTES_MAX: usize = 4096;

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
        std::thread::Builder::new().name("log-writer".into()).spawn({
            let drops = Arc::clone(&drops);
            move || write_all(&receiver, &mut sink, &drops)
        })?;
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

fn write_all(lines: &Receiver<Message>, sink: &mut impl Write, drops: &Drops) {
    let mut gathered = Vec::with_capacity(WRITE_BYTES_MAX);
    while let Ok(first) = lines.recv() {
        if matches!(first, Message::Line(_)) {
            std::thread::sleep(GATHERING_TIME);
        }
        for message in std::iter::once(first).chain(lines.try_iter()) {
            match message {
                Message::Line(line) => {
                    if gathered.len() + line.len() > WRITE_BYTES_MAX {
                        write(&mut gathered, sink, drops);
                    }
                    gathered.extend_from_slice(&line);
                }
                Message::Flush(done) => {
                    write(&mut gathered, sink, drops);
                    let _ = sink.flush();
                    let _ = done.send(());
                }
            }
        }
        write(&mut gathered, sink, drops);
    }
}

fn write(gathered: &mut Vec<u8>, sink: &mut impl Write, drops: &Drops) {
    if sink.write_all(gathered).is_err() {
        // Some of them may have got through; who reads a log that fails can't be sure of any.
        let lines = gathered.split_inclusive(|byte| *byte == b'\n').count();
        drops.add(Signal::Logs, lines as u64, DropCause::Other);
    }
    gathered.clear();
}

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.sender.try_send(Message::Line(line.to_vec())).is_err() {
            self.drops.add(Signal::Logs, 1, DropCause::QueueFull);
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
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            assert!(lines.ends_with(b"\n") && lines.len() <= WRITE_BYTES_MAX);
            *self.0.lock().unwrap() += (lines.len() / b"line\n".len()) as u64;
            Ok(lines.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A disk that is full.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_can_not_be_written_are_counted() {
        let drops = Arc::new(Drops::default());
        let mut writer = LineWriter::start(Full, Arc::clone(&drops)).unwrap();
        for _ in 0..2000 {
            writer.write_all(b"line\n").unwrap();
        }
        writer.flush(Duration::from_secs(5));
        assert_eq!(drops.count(Signal::Logs), 2000);
    }

    #[test]
    fn a_stuck_reader_costs_lines_and_no_time() {
        let (written, drops) = (Arc::new(Mutex::new(0)), Arc::new(Drops::default()));
        let mut writer = LineWriter::start(Stuck(Arc::clone(&written)), Arc::clone(&drops)).unwrap();
        let stuck = written.lock().unwrap();
        let lines = 2 * LINES_MAX as u64;
        for _ in 0..lines {
            writer.write_all(b"line\n").unwrap();
        }
        drop(stuck);
        writer.flush(Duration::from_secs(5));
        let dropped = drops.count(Signal::Logs);
        let in_hand = (WRITE_BYTES_MAX / b"line\n".len() + 1) as u64;
        let too_many = lines - LINES_MAX as u64;
        assert!((too_many - in_hand..=too_many).contains(&dropped), "{dropped} dropped");
        assert_eq!(*written.lock().unwrap() + dropped, lines);
    }
}
