# Shortcuts; nothing here is needed to build, test or use Userferry.

# The whole story in half a minute
demo:
    cargo run --release -- demo

# All tests
test:
    cargo test

# What CI asks of the code
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings

# The vendor's own SDK, unmodified, against our sandbox (needs Node.js and npm)
sdk-test:
    bash tests/sdk/run.sh

# An export of each system of docs/from, from init to a sign-in (needs Python, Node.js, npm and PostgreSQL): about 20 minutes
from-test *options:
    cargo build --locked
    bash tests/from/run.sh {{options}}

# The benchmark, all or by sections (benches/bench.py --help). It installs what it compares with; some sections take long
bench *sections:
    cargo build --release --locked
    python3 benches/bench.py {{sections}}

# Kills the program 1,000 times in the middle of 20,000 users and counts what is lost or doubled
soak kills="1000" users="20000":
    USERFERRY_SOAK_KILLS={{kills}} USERFERRY_SOAK_USERS={{users}} cargo test --release -- --ignored --nocapture crash::soak

# Kills the staging of a million records 20 times each: as JSON, as gzip, and as corrections of a million others.
# The table must be the one of an undisturbed staging
soak-staging kills="20" records="1000000":
    USERFERRY_SOAK_KILLS={{kills}} USERFERRY_SOAK_RECORDS={{records}} cargo test --release -- --ignored --nocapture crash::staging::soak

# Readers in tight loops over so many starts, ends and kills of run and stage: none may fail
soak-readers starts="200":
    USERFERRY_SOAK_STARTS={{starts}} cargo test --release -- --ignored --nocapture readers::soak

# The promises at their full size: minutes of outage, thousands of users under a limit
full:
    cargo test --release -- --ignored --nocapture --test-threads=1 full::

# Changes the code in small ways and sees whether a test notices (cargo install cargo-mutants)
mutants:
    cargo mutants --file 'src/job/*.rs' --file 'src/run/*.rs' --file 'src/store/**/*.rs'

# Fuzzes the readers and the mapping, one target or all in turn (cargo install cargo-fuzz; a nightly toolchain)
fuzz target="all" seconds="1800":
    bash fuzz/run.sh {{target}} {{seconds}}
