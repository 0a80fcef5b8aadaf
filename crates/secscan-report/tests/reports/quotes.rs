//! What a format says that it repeats of the scanned files is all that it looks at.

use secscan_model::report::Quotes;
use secscan_model::{Place, Report};
use secscan_report::{FORMATS, Options};

use crate::sample::{self, EVERYTHING, written};

/// The report as a scan makes it that was asked for so much.
fn quoting(quotes: Quotes, mut report: Report) -> Report {
    let cut = |place: &mut Place| {
        if quotes < Quotes::Everything {
            place.line_hash = "".into();
        }
        if quotes < Quotes::Text {
            (place.text, place.snippet) = ("".into(), Vec::new());
        }
    };
    for finding in &mut report.findings {
        cut(&mut finding.place);
        finding.related.iter_mut().for_each(|related| cut(&mut related.place));
        finding.fix.iter_mut().for_each(|fix| cut(&mut fix.place));
    }
    report.notices.iter_mut().flat_map(|notice| &mut notice.place).for_each(cut);
    report
}

#[test]
fn no_format_reads_more_of_a_place_than_it_says() {
    for show in [EVERYTHING, secscan_report::Shown::default()] {
        let options = Options { show, ..Options::default() };
        for format in FORMATS {
            for report in [sample::report, sample::vulnerable, sample::hostile] {
                let whole = written(format.name, &report(), &options);
                assert_eq!(written(format.name, &quoting(format.quotes, report()), &options), whole, "{}", format.name);
            }
        }
    }
}
