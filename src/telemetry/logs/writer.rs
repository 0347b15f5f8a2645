//! Writes log lines on a thread of its own, so that nobody who reads them slowly can hold up a call.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

use crate::telemetry::{drops::Drops, event::Signal};

/// The most lines that wait to be written; further ones are dropped and counted.
const LINES_MAX: usize = 8192;

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

    /// Waits until all lines so far are written, at most for `limit`. Blocks.
    pub(in crate::telemetry) fn flush(&self, limit: Duration) {
        let (done, waiter) = sync_channel(1);
        if self.sender.try_send(Message::Flush(done)).is_ok() {
            // Past the limit there is nothing left to be done.
            let _ = waiter.recv_timeout(limit);
        }
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
