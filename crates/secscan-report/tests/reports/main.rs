//! The outputs, held to their contracts by reports that are made by hand.

#![allow(clippy::disallowed_methods, reason = "tests read fixtures")]

mod ci;
mod cyclonedx;
mod json;
mod quotes;
mod sample;
mod sarif;
mod text;
