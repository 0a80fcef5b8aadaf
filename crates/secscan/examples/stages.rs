//! Where the time of a scan goes: wall-clock milliseconds by stage, of the fastest of a number of scans in one process.
//!
//! `stages RUNS FOLDER`; with `-` as folder, how long a scanner takes to build: decoding the embedded rules.

use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use secscan_core::{Event, Observer, Scanner, Stage};
use secscan_discover::{Directory, Options};

/// Notes when stages begin.
struct Clock {
    began: Mutex<Vec<(Stage, Instant)>>,
}

impl Observer for Clock {
    fn event(&self, event: Event) {
        if let (Event::Begin(stage), Ok(mut began)) = (event, self.began.lock()) {
            began.push((stage, Instant::now()));
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(runs), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: stages RUNS FOLDER|-".into());
    };
    let mut best: Option<Vec<(&str, Duration)>> = None;
    for _ in 0..runs.parse::<u32>()?.max(1) {
        let times = if folder == "-" { build()? } else { scan(Path::new(&folder))? };
        let total = |times: &[(&str, Duration)]| times.iter().map(|(_, time)| *time).sum::<Duration>();
        if best.as_ref().is_none_or(|best| total(&times) < total(best)) {
            best = Some(times);
        }
    }
    for (stage, time) in best.unwrap_or_default() {
        writeln!(std::io::stdout(), "{stage} {:.3}", time.as_secs_f64() * 1000.0)?;
    }
    Ok(())
}

fn build() -> Result<Vec<(&'static str, Duration)>, Box<dyn std::error::Error>> {
    let start = Instant::now();
    drop(Scanner::builder().build()?);
    Ok(vec![("load", start.elapsed())])
}

/// One scan; the walk over the folder is part of opening it, before the stage in which its files are listed.
fn scan(folder: &Path) -> Result<Vec<(&'static str, Duration)>, Box<dyn std::error::Error>> {
    let scanner = Scanner::builder().build()?;
    let clock = Clock { began: Mutex::default() };
    let start = Instant::now();
    let tree = Directory::open(folder, &Options::default())?;
    let opened = start.elapsed();
    drop(scanner.scan(&tree, &clock));
    let end = Instant::now();
    let began = clock.began.into_inner()?;
    let ends = began.iter().skip(1).map(|(_, at)| *at).chain([end]);
    let stages = began.iter().zip(ends).map(|((stage, from), to)| (stage.as_str(), to - *from));
    Ok([("walk", opened)].into_iter().chain(stages).collect())
}
