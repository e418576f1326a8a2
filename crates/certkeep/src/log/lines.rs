//! A way out for log lines that costs a request next to nothing: a line is copied into a buffer, and a thread writes
//! what has come together with one system call.
//!
//! Nothing is dropped. Where the lines come faster than they can be written, whoever logs waits, as it would with a
//! system call of its own. `tracing-appender` has a queue of lines in place of the buffer: it wakes its thread for
//! almost each of them, which costs more than the call that it saves.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// Takes lines. Clones lead to the same end.
#[derive(Clone)]
pub(crate) struct Lines(Arc<Shared>);

/// Writes the lines for as long as it lives, and all of them before it is gone.
pub(crate) struct Writing {
    lines: Lines,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    waiting: Mutex<Waiting>,
    /// A first line has come, or the last.
    arrived: Condvar,
    /// There is room again.
    taken: Condvar,
    out: Mutex<Box<dyn Write + Send>>,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    has_ended: bool,
}

impl Lines {
    /// Lines that end up in `out`, and the thread that takes them there.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn to(out: impl Write + Send + 'static) -> io::Result<(Self, Writing)> {
        let lines = Self(Arc::new(Shared {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            taken: Condvar::new(),
            out: Mutex::new(Box::new(out)),
        }));
        let shared = Arc::clone(&lines.0);
        let thread = thread::Builder::new().name("log".to_owned()).spawn(move || shared.write_all())?;
        Ok((lines.clone(), Writing { lines, thread: Some(thread) }))
    }
}

impl Shared {
    /// Takes what has come together and writes it, until there will be no more.
    fn write_all(&self) {
        let mut batch = Vec::new();
        loop {
            let ended = self.take(&mut batch);
            self.write(&batch);
            batch.clear();
            if ended {
                return;
            }
        }
    }

    /// Waits for a line, and a little more for others. Whether it was the last time.
    fn take(&self, batch: &mut Vec<u8>) -> bool {
        let waiting = self
            .arrived
            .wait_while(self.lock(), |waiting| waiting.bytes.is_empty() && !waiting.has_ended)
            .unwrap_or_else(PoisonError::into_inner);
        let (mut waiting, _) = self
            .arrived
            .wait_timeout_while(waiting, PATIENCE, |waiting| waiting.bytes.len() < MANY && !waiting.has_ended)
            .unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut waiting.bytes, batch);
        self.taken.notify_all();
        waiting.has_ended
    }

    /// What cannot be written is nobody's: there is no other place to say so.
    fn write(&self, bytes: &[u8]) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a line may wait for others to be written with.
const PATIENCE: Duration = Duration::from_millis(5);
/// Bytes that are written without waiting for more.
const MANY: usize = 64 * 1024;
/// Bytes that may wait. Who comes with more waits as well.
const MOST: usize = 1024 * 1024;

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let shared = &*self.0;
        let mut waiting = shared
            .taken
            .wait_while(shared.lock(), |waiting| waiting.bytes.len() > MOST && !waiting.has_ended)
            .unwrap_or_else(PoisonError::into_inner);
        if waiting.has_ended {
            drop(waiting);
            shared.write(line);
            return Ok(line.len());
        }
        let before = waiting.bytes.len();
        waiting.bytes.extend_from_slice(line);
        // The thread waits for two things only: that there is a line, and that there are many.
        if before == 0 || (before < MANY && waiting.bytes.len() >= MANY) {
            shared.arrived.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.lines.0.lock().has_ended = true;
        self.lines.0.arrived.notify_one();
        self.lines.0.taken.notify_all();
        // A thread that panicked has written what it could.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex, mpsc},
        thread,
    };

    use super::{Lines, MOST};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_written_once_and_whole() {
        const THREADS: usize = 4;
        const EACH: usize = 50_000;
        let written = Written::default();
        let (lines, writing) = Lines::to(written.clone()).unwrap();
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let lines = &lines;
                scope.spawn(move || {
                    for n in 0..EACH {
                        (&*lines).write_all(format!("{thread} {n}\n").as_bytes()).unwrap();
                    }
                });
            }
        });
        drop(writing);
        (&lines).write_all(b"after the end\n").unwrap();

        let batches = written.0.lock().unwrap();
        let text = String::from_utf8(batches.concat()).unwrap();
        let mut next = [0; THREADS];
        let mut found: Vec<&str> = text.lines().collect();
        assert_eq!(found.pop(), Some("after the end"));
        for line in found {
            let (thread, n) = line.split_once(' ').unwrap();
            let next = &mut next[thread.parse::<usize>().unwrap()];
            assert_eq!(n.parse(), Ok(*next), "lines of one thread keep their order");
            *next += 1;
        }
        assert_eq!(next, [EACH; THREADS]);
        assert!(batches.len() < THREADS * EACH / 10, "lines are written together");
    }

    /// Writes only when it is told to.
    struct Stuck(mpsc::Receiver<()>, Written);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // The sender is gone at the end: then everything goes.
            let _ = self.0.recv();
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_logs_waits_for_an_end_that_takes_nothing_and_loses_no_line() {
        let (go_on, told) = mpsc::channel();
        let written = Written::default();
        let (lines, writing) = Lines::to(Stuck(told, written.clone())).unwrap();
        let (done, finished) = mpsc::channel();
        let line = [b'x'; 1024];
        let count = 4 * MOST / line.len();
        let logging = thread::spawn(move || {
            (0..count).for_each(|_| (&lines).write_all(&line).unwrap());
            done.send(()).unwrap();
        });
        assert!(finished.recv_timeout(std::time::Duration::from_millis(200)).is_err(), "it does not wait");
        drop(go_on);
        logging.join().unwrap();
        drop(writing);
        let total: usize = written.0.lock().unwrap().iter().map(Vec::len).sum();
        assert_eq!(total, count * line.len());
    }
}
