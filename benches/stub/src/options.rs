//! The command line.

use std::path::PathBuf;
use std::time::Duration;

pub const HELP: &str = "\
userferry-stub [--port N] [--latency MS] [--key-bits 1024|2048] [--dump FILE] [--first FILE]

Prints its address, serves, and prints what it has counted when it is told to end (SIGTERM, SIGINT);
GET /stub/counts tells it at any time.

--port N        0, the default, takes a free one
--latency MS    answers leave that much later, each on its own; not those of /stub/counts
--key-bits N    of the public key that it gives out [1024]
--dump FILE     writes the body of the first create to FILE, and its head to FILE.head
--first FILE    appends a line for each connection's first request and for its first create: the
                connection's number, what it was, and the time in nanoseconds since 1970";

pub struct Options {
    pub port: u16,
    pub latency: Duration,
    pub key: &'static str,
    pub dump: Option<PathBuf>,
    pub first: Option<PathBuf>,
}

impl Options {
    /// `None` if help is asked for.
    pub fn read(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Self {
            port: 0,
            latency: Duration::ZERO,
            key: include_str!("../keys/1024.pem"),
            dump: None,
            first: None,
        };
        while let Some(name) = args.next() {
            if name == "--help" {
                return Ok(None);
            }
            let value = args.next().ok_or_else(|| format!("{name} wants a value; see --help"))?;
            let wrong = || format!("{name} {value}: that cannot be; see --help");
            match name.as_str() {
                "--port" => options.port = value.parse().map_err(|_| wrong())?,
                "--latency" => {
                    let ms: f64 = value.parse().map_err(|_| wrong())?;
                    options.latency =
                        Duration::try_from_secs_f64(ms / 1000.0).map_err(|_| wrong())?;
                }
                "--key-bits" => {
                    options.key = match value.as_str() {
                        "1024" => include_str!("../keys/1024.pem"),
                        "2048" => include_str!("../keys/2048.pem"),
                        _ => return Err(wrong()),
                    }
                }
                "--dump" => options.dump = Some(value.into()),
                "--first" => options.first = Some(value.into()),
                _ => return Err(format!("{name}: no such option; see --help")),
            }
        }
        Ok(Some(options))
    }
}
