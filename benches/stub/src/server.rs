//! The one thread: connections, answers that wait for their time, counts.

use crate::answers::{Answers, OPS, Op, answer};
use crate::http::{self, Request};
use crate::options::Options;
use mio::net::{TcpListener, TcpStream, UnixStream};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::collections::VecDeque;
use std::error::Error;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const LISTENER: Token = Token(0);
const SIGNAL: Token = Token(1);
const TIMER: Token = Token(2);
const CONNECTIONS: usize = 3;
const READ: usize = 64 * 1024;

struct Connection {
    stream: TcpStream,
    /// Which of all; a place in the list is used again.
    number: u64,
    /// The beginning of a request that is not whole yet.
    input: Vec<u8>,
    output: Vec<u8>,
    /// Bytes of `output` that have left.
    sent: usize,
    /// Answers that wait for their time.
    waiting: usize,
    /// No request comes any more: closed when all is answered.
    last: bool,
    seen: bool,
    created: bool,
}

/// An answer that waits.
struct Due {
    at: Instant,
    place: usize,
    number: u64,
    op: Op,
}

struct Server {
    options: Options,
    poll: Poll,
    listener: TcpListener,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    accepted: u64,
    due: VecDeque<Due>,
    timer: OwnedFd,
    answers: Answers,
    counts: [u64; OPS.len()],
    /// What could not be read as a request.
    unreadable: u64,
    dump: Option<PathBuf>,
    first: Option<File>,
}

/// Serves until SIGTERM or SIGINT.
pub fn serve(mut options: Options) -> Result<(), Box<dyn Error>> {
    let poll = Poll::new()?;
    let mut listener = TcpListener::bind(([127, 0, 0, 1], options.port).into())?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let (signal, signalled) = std::os::unix::net::UnixStream::pair()?;
    for which in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::low_level::pipe::register(which, signal.try_clone()?)?;
    }
    signalled.set_nonblocking(true)?;
    let mut signalled = UnixStream::from_std(signalled);
    poll.registry().register(&mut signalled, SIGNAL, Interest::READABLE)?;
    let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
    let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
    poll.registry().register(&mut SourceFd(&timer.as_raw_fd()), TIMER, Interest::READABLE)?;
    println!("http://{}", listener.local_addr()?);

    let first = match options.first.take() {
        Some(path) => Some(File::options().append(true).create(true).open(path)?),
        None => None,
    };
    let mut server = Server {
        dump: options.dump.take(),
        answers: Answers::new(options.key),
        options,
        poll,
        listener,
        connections: Vec::new(),
        free: Vec::new(),
        accepted: 0,
        due: VecDeque::new(),
        timer,
        counts: [0; OPS.len()],
        unreadable: 0,
        first,
    };
    server.run()?;
    println!("{}", server.told());
    Ok(())
}

impl Server {
    fn run(&mut self) -> Result<(), Box<dyn Error>> {
        let mut events = Events::with_capacity(1024);
        let mut buffer = vec![0; READ];
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            self.answers.refresh();
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    SIGNAL => return Ok(()),
                    // Read only so that it wakes us again.
                    TIMER => drop(rustix::io::read(&self.timer, &mut [0; 8])),
                    Token(token) => self.serve(token - CONNECTIONS, &mut buffer)?,
                }
            }
            self.release()?;
        }
    }

    fn accept(&mut self) -> Result<(), Box<dyn Error>> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let place = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut stream, Token(place + CONNECTIONS), interest)?;
            self.accepted += 1;
            self.connections[place] = Some(Connection {
                stream,
                number: self.accepted,
                input: Vec::new(),
                output: Vec::new(),
                sent: 0,
                waiting: 0,
                last: false,
                seen: false,
                created: false,
            });
        }
    }

    /// Something has happened on a connection.
    fn serve(&mut self, place: usize, buffer: &mut [u8]) -> Result<(), Box<dyn Error>> {
        // Taken out meanwhile, so that all of the server is at hand.
        let Some(mut connection) = self.connections.get_mut(place).and_then(Option::take) else {
            return Ok(());
        };
        let alive = self.converse(&mut connection, place, buffer)?;
        if alive {
            self.connections[place] = Some(connection);
        } else {
            self.free.push(place);
        }
        Ok(())
    }

    /// Whether the connection goes on.
    fn converse(
        &mut self,
        connection: &mut Connection,
        place: usize,
        buffer: &mut [u8],
    ) -> Result<bool, Box<dyn Error>> {
        loop {
            match connection.stream.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(n) => {
                    if !self.take(connection, place, &buffer[..n])? {
                        return Ok(false);
                    }
                    // Less than there was room for: nothing is left.
                    if n < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Ok(false),
            }
        }
        Ok(connection.flush())
    }

    /// Takes what has arrived. `false` if it cannot be read.
    fn take(
        &mut self,
        connection: &mut Connection,
        place: usize,
        arrived: &[u8],
    ) -> Result<bool, Box<dyn Error>> {
        let mut joined = std::mem::take(&mut connection.input);
        let bytes = if joined.is_empty() {
            arrived
        } else {
            joined.extend_from_slice(arrived);
            &joined[..]
        };
        let mut from = 0;
        loop {
            match http::request(&bytes[from..]) {
                Ok(Some(request)) => {
                    from += request.length;
                    self.answer(connection, place, &request)?;
                }
                Ok(None) => break,
                Err(http::Unreadable) => {
                    self.unreadable += 1;
                    return Ok(false);
                }
            }
        }
        connection.input = bytes[from..].to_vec();
        Ok(true)
    }

    fn answer(
        &mut self,
        connection: &mut Connection,
        place: usize,
        request: &Request,
    ) -> Result<(), Box<dyn Error>> {
        let op = crate::answers::op(request);
        self.counts[op as usize] += 1;
        connection.last |= request.last;
        self.note(connection, request, op)?;
        if op == Op::Counts {
            let told = answer("200 OK", "Thu, 01 Jan 1970 00:00:00 GMT", &self.told());
            connection.output.extend_from_slice(&told);
        } else if self.options.latency.is_zero() {
            connection.output.extend_from_slice(self.answers.of(op));
        } else {
            connection.waiting += 1;
            let at = Instant::now() + self.options.latency;
            self.due.push_back(Due { at, place, number: connection.number, op });
            if self.due.len() == 1 {
                self.wake(self.options.latency)?;
            }
        }
        Ok(())
    }

    /// Writes down what came first, where that was asked for.
    fn note(&mut self, connection: &mut Connection, request: &Request, op: Op) -> io::Result<()> {
        if op == Op::Create
            && let Some(path) = self.dump.take()
        {
            std::fs::write(&path, request.body)?;
            std::fs::write(path.with_added_extension("head"), request.head)?;
        }
        if let Some(file) = &mut self.first
            && op != Op::Counts
        {
            let is_first_create = op == Op::Create && !connection.created;
            if !connection.seen || is_first_create {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                writeln!(file, "{} {} {}", connection.number, op.name(), now.as_nanos())?;
            }
            connection.seen = true;
            connection.created |= is_first_create;
        }
        Ok(())
    }

    /// Sends the answers whose time has come.
    fn release(&mut self) -> Result<(), Box<dyn Error>> {
        if self.due.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        while let Some(due) = self.due.front() {
            if due.at > now {
                return self.wake(due.at - now);
            }
            let (place, number, op) = (due.place, due.number, due.op);
            self.due.pop_front();
            let slot = &mut self.connections[place];
            if let Some(connection) = slot.as_mut().filter(|c| c.number == number) {
                connection.waiting -= 1;
                connection.output.extend_from_slice(self.answers.of(op));
                if !connection.flush() {
                    *slot = None;
                    self.free.push(place);
                }
            }
        }
        Ok(())
    }

    /// Wakes the thread after that time.
    fn wake(&self, after: Duration) -> Result<(), Box<dyn Error>> {
        let it_value = Timespec {
            tv_sec: after.as_secs().try_into()?,
            tv_nsec: after.subsec_nanos().max(1).into(),
        };
        let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        let when = Itimerspec { it_interval, it_value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &when)?;
        Ok(())
    }

    /// The counts as JSON.
    fn told(&self) -> String {
        let counts: Vec<String> = OPS
            .iter()
            .filter(|op| **op != Op::Counts)
            .map(|op| format!(r#""{}":{}"#, op.name(), self.counts[*op as usize]))
            .collect();
        let (unreadable, accepted) = (self.unreadable, self.accepted);
        format!(r#"{{{},"unreadable":{unreadable},"connections":{accepted}}}"#, counts.join(","))
    }
}

impl Connection {
    /// Writes what it can. Whether the connection goes on.
    fn flush(&mut self) -> bool {
        while self.sent < self.output.len() {
            match self.stream.write(&self.output[self.sent..]) {
                Ok(n) => self.sent += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        self.output.clear();
        self.sent = 0;
        !self.last || self.waiting > 0
    }
}
