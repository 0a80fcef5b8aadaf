//! Which drop-ins are laid over a unit, in which order.
//!
//! `web-one.container` takes what lies in `web-one.container.d`, `web-.container.d` and `container.d`. The files are taken in
//! the order of their names, wherever they lie; of two with one name, that of the folder which names the unit more closely.

use std::collections::BTreeMap;

use secscan_model::Source;
use secscan_parse::unit;

use crate::reading::FileReading;

/// The drop-ins of a unit among the files of a scan.
pub(super) fn of<'r>(source: &Source, readings: &'r [FileReading]) -> Vec<&'r Source> {
    let mut by_name: BTreeMap<&str, &Source> = BTreeMap::new();
    for folder in folders(source.file_name()) {
        let prefix = if source.folder().is_empty() { folder } else { format!("{}/{folder}", source.folder()) };
        let first = readings.partition_point(|reading| *reading.source.path < *prefix);
        let below =
            readings[first..].iter().map(|reading| &reading.source).take_while(|it| it.path.starts_with(&prefix));
        for drop_in in below.filter(|it| it.folder() == prefix && unit::is_drop_in(&it.path)) {
            by_name.entry(drop_in.file_name()).or_insert(drop_in);
        }
    }
    by_name.into_values().collect()
}

/// The folders of the drop-ins of a unit, the closest first.
fn folders(name: &str) -> Vec<String> {
    let Some((stem, kind)) = name.rsplit_once('.') else { return Vec::new() };
    let mut folders = vec![format!("{name}.d")];
    let dashes = stem.char_indices().rev().filter(|(at, letter)| *letter == '-' && at + 1 < stem.len());
    folders.extend(dashes.map(|(at, _)| format!("{}.{kind}.d", &stem[..=at])));
    folders.push(format!("{kind}.d"));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_go_from_the_unit_to_its_kind() {
        let expected = ["a-b-c.container.d", "a-b-.container.d", "a-.container.d", "container.d"];
        assert_eq!(folders("a-b-c.container"), expected);
        assert_eq!(folders("a-.pod"), ["a-.pod.d", "pod.d"]);
    }
}
