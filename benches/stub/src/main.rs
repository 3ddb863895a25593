//! The lightest server that Userferry takes for a provider: one thread, epoll, fixed answers.
//!
//! It knows a token, a public key, creates (each has the same id) and lookups (nobody is found). What
//! it does not know it answers with 404 and counts, so that no benchmark measures errors unseen.

mod answers;
mod http;
mod options;
mod server;

use options::Options;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(options) = Options::read(std::env::args().skip(1))? else {
        println!("{}", options::HELP);
        return Ok(());
    };
    server::serve(options)
}
