//! Statements have the shape that [`crate::computed`]'s `$iam` gives them. Reading order: `pattern` (text with
//! wildcards), `statement` (one statement asked about actions and resources), `condition` (conditions that really
//! restrict), `public` (allows and denials of one policy read together), `classes` (the sensitive actions), `grants`
//! (which of them a statement gives).

mod classes;
mod condition;
mod grants;
/// Text with wildcards: `*` stands for any text and `?` for one character.
pub mod pattern;
mod public;
mod statement;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use secscan_model::{Node, Value};

pub use condition::Condition;
pub use statement::{Match, Statement};

/// Adds to the statements of one policy what they mean: `grants`, `public`, `accounts` and `narrowed`.
pub(crate) fn explain(statements: Vec<Node>) -> Vec<Node> {
    let explained: Vec<[(&'static str, Option<Node>); 4]> = statements
        .iter()
        .map(|node| {
            let statement = Statement(node);
            [
                ("grants", grants::of(statement, &statements)),
                ("public", public::of(statement, &statements)),
                ("accounts", public::accounts(statement)),
                ("narrowed", condition::narrowed(statement)),
            ]
        })
        .collect();
    let mut statements = statements;
    for (statement, explained) in statements.iter_mut().zip(explained) {
        let Value::Map(map) = &mut statement.value else { continue };
        let map = Arc::make_mut(map);
        for (key, value) in explained {
            value.into_iter().for_each(|value| drop(map.insert(key, value)));
        }
    }
    statements
}

/// Whether one is true; unknown where none is and one is unknown.
fn any(truths: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    truths
        .into_iter()
        .try_fold(Some(false), |sum, truth| match truth {
            Some(true) => Err(()),
            Some(false) => Ok(sum),
            None => Ok(None),
        })
        .unwrap_or(Some(true))
}

/// Whether all are true; unknown where none is false and one is unknown.
fn all(truths: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    any(truths.into_iter().map(|truth| truth.map(|truth| !truth))).map(|broken| !broken)
}
