//! The outputs, held to their contracts by reports that are made by hand.

mod json;
mod sample;
mod sarif;
mod text;
