//! The binary, end to end: arguments and files in, exit code and outputs out.
//!
//! Reading order: [`workspace`] (a folder that the binary runs in), then the subjects: [`exit_codes`], [`bad_input`] and [`hostile`] with their [`corpus`], [`cache`], [`commands`], [`gate`], [`helm`], [`since`], [`secrets`], [`db`], [`vulnerabilities`].

#![allow(clippy::print_stderr, reason = "tests that skip say so")]

mod bad_input;
mod cache;
mod commands;
mod corpus;
mod db;
mod determinism;
mod exit_codes;
mod gate;
mod golden;
mod helm;
mod hostile;
mod secrets;
mod since;
mod vulnerabilities;
mod workspace;
