//! The JSON schemas for editors are derived from these types, and their doc comments are what editors show.

mod pack;
mod rule;

pub use pack::{AutomationWord, ControlFile, DemandFile, MapFile, PackFile, RoleWord, TopicFile};
pub use rule::{
    CheckFile, ConfidenceWord, ExampleFile, ParamFile, PatternFile, RuleFile, SecretFile, SeverityWord, WhereFile,
};
