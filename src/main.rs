//! Tidegate

fn main() {}
