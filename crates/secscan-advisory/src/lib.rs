//! Is this version affected: advisories, and the version order of each ecosystem.

#![forbid(unsafe_code)]
