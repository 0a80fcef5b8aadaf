//! What files that are no text say, written out as text: the packages of an RPM database, the parts of a program. Readers
//! of resources know these by the ends of their paths.

pub(crate) mod program;
pub(crate) mod rpm;
mod sqlite;
