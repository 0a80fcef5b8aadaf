//! Accepted risks: which violation of which control somebody has accepted, and until when.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::civil::Date;
use secscan_model::ControlRef;
use secscan_parse::load::Spanned;
use secscan_rules::select::glob;

use crate::config::Waiver;
use crate::meta::{MetaRule, Problem, Standing};

/// The waivers of the settings, with what they were used for.
#[derive(Clone, Debug)]
pub(crate) struct Waivers<'c> {
    entries: &'c [Spanned<Waiver>],
    today: Date,
    /// Indexes of those that match a violation, live or not.
    used: RefCell<BTreeSet<usize>>,
}

impl<'c> Waivers<'c> {
    /// Waivers as they stand on a day; the last day of a waiver counts.
    pub(crate) fn new(entries: &'c [Spanned<Waiver>], today: Date) -> Self {
        Self { entries, today, used: RefCell::default() }
    }

    /// The live waiver for a violation of `control` by the resource of this address. A waiver speaks for no other
    /// control, whatever rules the two share. What is asked here is a violation: the waiver counts as used.
    pub(crate) fn covers(&self, control: &ControlRef, address: &str) -> Option<&'c Waiver> {
        let mut found = None;
        for (index, entry) in self.entries.iter().enumerate() {
            let waiver = &entry.value;
            if waiver.control == *control && waiver.resources.iter().any(|pattern| glob(&pattern.value, address)) {
                self.used.borrow_mut().insert(index);
                if found.is_none() && waiver.until >= self.today {
                    found = Some(waiver);
                }
            }
        }
        found
    }

    /// What is wrong with the waivers, once all violations have been asked about. `standing` tells which controls exist
    /// and which belong to a pack of this scan.
    pub(crate) fn problems(&self, standing: &dyn Fn(&ControlRef) -> Standing) -> Vec<Problem> {
        let problem = |(index, entry): (usize, &Spanned<Waiver>)| {
            let control = &entry.value.control;
            let (rule, message) = match standing(control) {
                Standing::Unknown => (MetaRule::WaiverUnused, format!("there is no control `{control}`")),
                _ if entry.value.until < self.today => {
                    let until = entry.value.until;
                    (MetaRule::WaiverExpired, format!("this waiver of `{control}` counted until {until}"))
                }
                Standing::Asked if !self.used.borrow().contains(&index) => {
                    let message = format!("no resource that this waiver names violates `{control}`");
                    (MetaRule::WaiverUnused, message)
                }
                _ => return None,
            };
            Some(Problem { rule, at: entry.at, subject: control.to_string().into(), message })
        };
        self.entries.iter().enumerate().filter_map(problem).collect()
    }
}

#[cfg(test)]
mod tests {
    use secscan_model::Location;

    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 20);

    fn control(text: &str) -> ControlRef {
        let (pack, control) = text.split_once(':').unwrap();
        ControlRef { pack: pack.into(), control: control.into() }
    }

    fn waiver(of: &str, resource: &str, until: &str) -> Spanned<Waiver> {
        let resources = vec![Spanned { at: Location::default(), value: resource.to_owned() }];
        let until = until.parse().unwrap();
        let (reason, owner) = ("r".to_owned(), "o".to_owned());
        let value = Waiver { control: control(of), resources, reason, owner, until };
        Spanned { at: Location::default(), value }
    }

    fn standing(control: &ControlRef) -> Standing {
        match &*control.pack {
            "hipaa" => Standing::Asked,
            "gdpr" => Standing::Idle,
            _ => Standing::Unknown,
        }
    }

    #[test]
    fn a_waiver_speaks_for_its_control_and_resources_until_its_last_day() {
        for (of, resource, until, covers) in [
            ("hipaa:1", "aws_lb.legacy", "2026-11-20", true),
            ("hipaa:1", "aws_lb.legacy", "2026-11-19", false),
            ("hipaa:2", "aws_lb.legacy", "2027-01-01", false),
            ("gdpr:1", "aws_lb.legacy", "2027-01-01", false),
            ("hipaa:1", "aws_lb.*", "2027-01-01", true),
            ("hipaa:1", "aws_lb", "2027-01-01", false),
            ("hipaa:1", "*", "2027-01-01", true),
        ] {
            let entries = [waiver(of, resource, until)];
            let waivers = Waivers::new(&entries, TODAY);
            let found = waivers.covers(&control("hipaa:1"), "aws_lb.legacy");
            assert_eq!(found.is_some(), covers, "{of} {resource} {until}");
        }
    }

    #[test]
    fn brackets_of_addresses_stand_for_themselves() {
        let address = r#"module.a["x"].aws_s3_bucket.logs[0]"#;
        let entries = [waiver("hipaa:1", address, "2027-01-01")];
        assert!(Waivers::new(&entries, TODAY).covers(&control("hipaa:1"), address).is_some());
    }

    #[test]
    fn an_expired_waiver_does_not_hide_a_live_one() {
        let entries = [waiver("hipaa:1", "a", "2020-01-01"), waiver("hipaa:1", "*", "2027-01-01")];
        assert!(Waivers::new(&entries, TODAY).covers(&control("hipaa:1"), "a").is_some());
    }

    #[test]
    fn expired_and_unused_waivers_are_said() {
        let entries = [
            waiver("hipaa:1", "a", "2027-01-01"),
            waiver("hipaa:2", "a", "2027-01-01"),
            waiver("hipaa:3", "a", "2020-01-01"),
            waiver("gdpr:1", "a", "2027-01-01"),
            waiver("hippa:1", "a", "2027-01-01"),
        ];
        let waivers = Waivers::new(&entries, TODAY);
        waivers.covers(&control("hipaa:1"), "a");
        waivers.covers(&control("hipaa:3"), "a");
        let said: Vec<_> =
            waivers.problems(&standing).into_iter().map(|problem| (problem.rule, problem.message)).collect();
        assert_eq!(
            said,
            [
                (MetaRule::WaiverUnused, "no resource that this waiver names violates `hipaa:2`".to_owned()),
                (MetaRule::WaiverExpired, "this waiver of `hipaa:3` counted until 2020-01-01".to_owned()),
                (MetaRule::WaiverUnused, "there is no control `hippa:1`".to_owned()),
            ]
        );
    }
}
