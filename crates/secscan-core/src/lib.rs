#![doc = "x"]
pub mod baseline;
pub mod meta;
pub mod since;
pub mod suppress;
