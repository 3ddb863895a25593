//! The command `userferry`.

fn main() {}
