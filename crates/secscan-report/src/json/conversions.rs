//! From the model's report to the structs of the format.

use secscan_model::report::{ControlResult, PackResult};
use secscan_model::{FindingKind, Header, ImageLayer, Introduction, RuleInfo, Severity};

use super::*;

impl<'a> Wire<'a> {
    pub(super) fn new(report: &'a Report, options: &Options) -> Self {
        let inputs = &report.inputs;
        Self {
            version: VERSION,
            tool: Tool { name: "secscan", version: &inputs.version },
            inputs: Inputs {
                targets: inputs.targets.iter().map(|target| &**target).collect(),
                revision: inputs.revision.as_deref(),
                base: inputs.base.as_deref(),
                date: &inputs.date,
                rules_digest: &inputs.rules_digest,
                advisories: inputs.advisories.as_ref().map(|data| AdvisoryData {
                    count: data.count,
                    modified: &data.modified,
                    digest: &data.digest,
                }),
            },
            coverage: Coverage {
                files: report.coverage.files,
                recognised: report.coverage.recognised,
                searched: report.coverage.searched,
                binary: report.coverage.binary,
                resources: report.coverage.resources.iter().map(|(platform, number)| (&**platform, *number)).collect(),
            },
            gate: Gate { failed: report.gate.failed, counted: report.gate.counted, threshold: &report.gate.threshold },
            summary: Summary::new(report),
            packs: report.packs.iter().map(Pack::new).collect(),
            findings: Listed { report, show: options.show },
            controls: report.packs.iter().flat_map(|pack| pack.controls.iter().map(Control::new)).collect(),
            rules: Rules { report, show: options.show },
            diagnostics: report.notices.iter().map(Diagnostic::new).collect(),
        }
    }
}

impl Summary {
    fn new(report: &Report) -> Self {
        let mut open: BTreeMap<_, _> = Severity::ALL.into_iter().map(|severity| (severity.as_str(), 0)).collect();
        let (mut suppressed, mut baselined, mut waived) = (0, 0, 0);
        for finding in report.findings.iter().filter(|finding| finding.kind == FindingKind::Fail) {
            match finding.status {
                model::Status::Open => *open.entry(finding.severity.as_str()).or_default() += 1,
                model::Status::Suppressed { .. } => suppressed += 1,
                model::Status::Baselined => baselined += 1,
                model::Status::Waived { .. } => waived += 1,
            }
        }
        Self {
            open,
            suppressed,
            baselined,
            waived,
            pass: report.tallies.values().map(|tally| tally.pass).sum(),
            unknown: report.tallies.values().map(|tally| tally.unknown).sum(),
        }
    }
}

impl<'a> Pack<'a> {
    fn new(pack: &'a PackResult) -> Self {
        let mut statuses = BTreeMap::new();
        for control in &pack.controls {
            *statuses.entry(control.status.as_str()).or_default() += 1;
        }
        Self {
            id: &pack.id,
            title: &pack.title,
            version: &pack.version,
            source: &pack.source,
            digest: &pack.digest,
            coverage: pack.coverage,
            holding: pack.holding,
            statuses,
        }
    }
}

impl<'a> Finding<'a> {
    pub(super) fn new(finding: &'a model::Finding) -> Self {
        Self {
            rule: &finding.rule.0,
            kind: finding.kind.as_str(),
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            status: finding.status.as_str(),
            reason: Reason::new(&finding.status),
            new: finding.new,
            message: &finding.message,
            path: &finding.place.path,
            start_line: finding.place.start.line(),
            start_column: finding.place.start.column(),
            end_line: finding.place.end.line(),
            end_column: finding.place.end.column(),
            introduced: finding.origin.introduction().map(Introduced::new),
            layer: finding.origin.image_layer().map(Layer::new),
            platform: finding.platform.as_str(),
            resource_type: &finding.resource_kind,
            resource: &finding.resource,
            observed: &finding.observed,
            expected: &finding.expected,
            fingerprint: &finding.fingerprint,
            controls: finding.controls.iter().map(ToString::to_string).collect(),
            related: finding.related.iter().map(Related::new).collect(),
            fix: finding.fix.as_deref().map(Fix::new),
            advisory: finding.advisory.as_deref().map(Advisory::new),
        }
    }
}

impl<'a> Related<'a> {
    fn new(related: &'a model::Related) -> Self {
        Self {
            path: &related.place.path,
            start_line: related.place.start.line(),
            start_column: related.place.start.column(),
            end_line: related.place.end.line(),
            end_column: related.place.end.column(),
            message: &related.message,
        }
    }
}

impl<'a> Fix<'a> {
    fn new(fix: &'a model::Fix) -> Self {
        Self {
            description: &fix.description,
            path: &fix.place.path,
            start_line: fix.place.start.line(),
            start_column: fix.place.start.column(),
            end_line: fix.place.end.line(),
            end_column: fix.place.end.column(),
            replacement: &fix.replacement,
        }
    }
}

impl<'a> Introduced<'a> {
    fn new(introduction: &'a Introduction) -> Self {
        Self { commit: &introduction.commit, author: &introduction.author, date: &introduction.date }
    }
}

impl<'a> Layer<'a> {
    fn new(layer: &'a ImageLayer) -> Self {
        Self { number: layer.number, digest: &layer.digest, created_by: &layer.created_by, gone_in: layer.gone_in }
    }
}

impl<'a> Reason<'a> {
    fn new(status: &'a model::Status) -> Option<Self> {
        match status {
            model::Status::Open | model::Status::Baselined => None,
            model::Status::Suppressed { reason, source } => {
                Some(Self { text: reason, source: Some(source), owner: None, until: None })
            }
            model::Status::Waived { reason, owner, until } => {
                Some(Self { text: reason, source: None, owner: Some(owner), until: Some(until) })
            }
        }
    }
}

impl<'a> Control<'a> {
    fn new(result: &'a ControlResult) -> Self {
        Self {
            pack: &result.control.pack,
            id: &result.control.control,
            key: &result.key,
            title: &result.title,
            section: &result.section,
            specification: &result.specification,
            automation: result.automation.as_str(),
            status: result.status.as_str(),
            reason: result.reason.as_deref(),
            findings: result.findings.iter().map(|fingerprint| &**fingerprint).collect(),
            examined: result.examined,
            evidence: result
                .evidence
                .iter()
                .map(|(rule, tally)| Evidence {
                    rule: &rule.0,
                    pass: tally.pass,
                    fail: tally.fail,
                    unknown: tally.unknown,
                    not_applicable: tally.not_applicable,
                })
                .collect(),
            residual: result.residual.as_deref(),
        }
    }
}

impl<'a> Rule<'a> {
    /// `found` are the rules that findings of the report are about.
    pub(super) fn new(rule: &'a Header, report: &Report, found: &HashSet<&RuleId>) -> Self {
        let tally = report.tallies.get(&rule.id).copied().unwrap_or_default();
        Self {
            id: &rule.id.0,
            pass: tally.pass,
            fail: tally.fail,
            unknown: tally.unknown,
            not_applicable: tally.not_applicable,
            about: found.contains(&rule.id).then(|| About::new(rule)),
        }
    }
}

impl<'a> About<'a> {
    fn new(rule: &'a RuleInfo) -> Self {
        Self {
            title: &rule.title,
            severity: rule.severity.as_str(),
            confidence: rule.confidence.as_str(),
            topics: rule.topics.iter().map(|topic| &**topic).collect(),
            cwe: &rule.cwe,
            why: &rule.why,
            fix: &rule.fix,
            links: rule.links.iter().map(|link| &**link).collect(),
        }
    }
}

impl<'a> Diagnostic<'a> {
    fn new(notice: &'a model::Notice) -> Self {
        let at = notice.place.as_ref();
        Self {
            kind: notice.kind.as_str(),
            path: at.map(|place| &*place.path).or(notice.path.as_deref()),
            line: at.map(|place| place.start.line()),
            column: at.map(|place| place.start.column()),
            message: &notice.message,
        }
    }
}
