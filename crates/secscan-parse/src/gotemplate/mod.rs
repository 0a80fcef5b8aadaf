//! Reading order: `text` (text in pieces that know their origin) → `value` → `syntax` → `lex` and `parse` →
//! `execute` (what templates do) → `limits` → `builtin` (the functions of Go itself) → `print` and `printf` (how values look). What else
//! functions mean is the business of whoever implements `Functions`.
//!
//! The language is that of <https://pkg.go.dev/text/template>. Execution is bounded by `Limits`; nothing in a template
//! can do more than use them up.

mod builtin;
mod execute;
mod lex;
mod limits;
mod parse;
/// How values look: Go's `fmt`.
pub mod print;
mod printf;
mod syntax;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use builtin::query_escaped;
pub use execute::{Executor, Failure, Functions, Templates};
pub use limits::Limits;
pub use parse::{Unparsed, parse};
pub use syntax::{Call, Definition};
pub use text::{Builder, Origin, Text, Whereabouts};
pub use value::{Data, Entries, Items, MapRef, Object, Value};
