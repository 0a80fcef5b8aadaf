//! The binary, end to end: arguments and files in, exit code and outputs out.
//!
//! Reading order: [`workspace`] (a folder that the binary runs in), then the subjects: [`exit_codes`], [`gate`], [`since`].

mod exit_codes;
mod gate;
mod since;
mod workspace;
