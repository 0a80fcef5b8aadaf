//! Any target of `secscan_fuzz::TARGETS`: the variable `TARGET` names it.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use secscan_fuzz::{TARGETS, Target, target};

static CHOSEN: OnceLock<&Target> = OnceLock::new();

fn chosen() -> &'static Target {
    let name = std::env::var("TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        panic!("TARGET names what to fuzz: {}", names.join(", "))
    })
}

fuzz_target!(|input: &[u8]| (CHOSEN.get_or_init(chosen).run)(input));
