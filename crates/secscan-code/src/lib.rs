//! Syntax-tree patterns: which places of a source file have the shape that a rule names.

#![forbid(unsafe_code)]
