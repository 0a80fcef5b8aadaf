//! What was not looked at, as notifications.

use secscan_model::DiagnosticKind as Kind;
use secscan_model::report::Notice;
use serde_json::json;
use serde_sarif::sarif::{
    Location, Notification, PhysicalLocation, ReportingConfiguration, ReportingDescriptor, ReportingDescriptorReference,
};

use super::{filled, message, places, sentence, text};

/// What one kind of notice says.
struct About {
    kind: Kind,
    level: &'static str,
    /// What happened, in one sentence.
    what: &'static str,
    /// What to do about it.
    cure: &'static str,
}

/// All kinds of notices. GitHub demands of their descriptors what it demands of rules.
static KINDS: &[About] = &[
    About {
        kind: Kind::Unreadable,
        level: "warning",
        what: "A file or folder could not be read.",
        cure: "Check that it exists, may be read, and is text where text is needed.",
    },
    About {
        kind: Kind::Syntax,
        level: "warning",
        what: "A file does not follow its format; what could be saved was judged.",
        cure: "Mend the file, or exclude it when it is not what its name says.",
    },
    About {
        kind: Kind::Limit,
        level: "warning",
        what: "A limit was reached; what lies beyond it was not judged.",
        cure: "Raise the limit, or exclude what is not meant to be scanned.",
    },
    About {
        kind: Kind::Skipped,
        level: "note",
        what: "Something was left out on purpose.",
        cure: "Name it as a target, or hand in what it needs, when it is to be judged.",
    },
    About {
        kind: Kind::Unresolved,
        level: "note",
        what: "A value, module or reference could not be resolved from the files.",
        cure: "Hand in variable and value files, and keep modules in the tree.",
    },
    About {
        kind: Kind::Ambiguous,
        level: "warning",
        what: "A document says something that parsers disagree on.",
        cure: "Write it so that it can be read in one way only.",
    },
    About {
        kind: Kind::Configuration,
        level: "warning",
        what: "A suppression, waiver or setting does not do what its author meant.",
        cure: "Correct it, or take it out.",
    },
    About {
        kind: Kind::Internal,
        level: "error",
        what: "A rule or reader has a defect; the rest of the scan went on.",
        cure: "Please report it with the file that it happens on.",
    },
];

/// The notifications of a run, by what caused them.
pub(super) struct Notifications {
    /// What the scan met.
    pub(super) execution: Vec<Notification>,
    /// What is wrong with the settings.
    pub(super) configuration: Vec<Notification>,
}

/// The descriptors that notifications refer to.
pub(super) fn descriptors() -> Vec<ReportingDescriptor> {
    let descriptor = |about: &About| ReportingDescriptor {
        short_description: Some(text(about.what)),
        full_description: Some(text(about.what)),
        help: Some(text(about.cure)),
        default_configuration: Some(ReportingConfiguration { level: Some(json!(about.level)), ..Default::default() }),
        ..ReportingDescriptor::builder().id(about.kind.as_str()).build()
    };
    KINDS.iter().map(descriptor).collect()
}

/// Turns notices into notifications, in their order.
pub(super) fn notifications(notices: &[Notice]) -> Notifications {
    let (configuration, execution): (Vec<_>, Vec<_>) =
        notices.iter().partition(|notice| notice.kind == Kind::Configuration);
    let all = |notices: Vec<&Notice>| {
        notices.into_iter().map(|notice| notification(notice.kind, &notice.message, location(notice))).collect()
    };
    Notifications { execution: all(execution), configuration: all(configuration) }
}

/// Says how many results had to be left out, when any had to.
pub(super) fn results_left_out(number: usize) -> Option<Notification> {
    let text = format!("{number} of the mildest results were left out: GitHub takes no more.");
    (number > 0).then(|| notification(Kind::Limit, &text, None))
}

fn notification(kind: Kind, about: &str, location: Option<Location>) -> Notification {
    let known = KINDS.iter().position(|about| about.kind == kind);
    Notification {
        descriptor: Some(ReportingDescriptorReference {
            id: Some(kind.as_str().to_owned()),
            index: known.map(|index| index as i64),
            ..Default::default()
        }),
        level: known.and_then(|index| KINDS.get(index)).map(|about| json!(about.level)),
        locations: filled(location.into_iter().collect()),
        ..Notification::builder().message(message(sentence(about))).build()
    }
}

fn location(notice: &Notice) -> Option<Location> {
    if let Some(place) = &notice.place {
        return Some(places::location(place, None));
    }
    let physical =
        PhysicalLocation { artifact_location: Some(places::artifact(notice.path.as_deref()?)), ..Default::default() };
    Some(Location { physical_location: Some(physical), ..Default::default() })
}
