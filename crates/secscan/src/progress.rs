//! A progress line on standard error, for people at a terminal.

use std::borrow::Cow;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use secscan_core::{Event, Observer, Stage};

/// Shows how far a scan is; silent when standard error is no terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos}/{len}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// The progress of pulling or unpacking an image, in bytes.
    pub(crate) fn of_image(image: &secscan_image::Target) -> Self {
        let progress = Self::new();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {bytes}/{total_bytes}") {
            progress.bar.set_style(style);
        }
        progress.bar.set_message(format!("reading {image}"));
        progress
    }

    pub(crate) fn image(&self, at: secscan_image::Progress) {
        self.bar.set_length(at.total.max(at.read));
        self.bar.set_position(at.read);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn event(&self, event: Event) {
        match event {
            Event::Begin(stage) => self.bar.set_message(words(stage)),
            Event::Files(count) => self.bar.set_length(count),
            Event::FileRead => self.bar.inc(1),
        }
    }
}

/// Counts what long work has done so far; silent when standard error is no terminal.
pub(crate) struct Counter {
    bar: ProgressBar,
}

impl Counter {
    /// A counter of what `message` says.
    pub(crate) fn new(message: impl Into<Cow<'static, str>>) -> Self {
        let bar = Progress::new().bar;
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos}") {
            bar.set_style(style);
        }
        bar.set_message(message);
        Self { bar }
    }

    /// One more.
    pub(crate) fn step(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::List => "listing files",
        Stage::Read => "reading files",
        Stage::Evaluate => "evaluating modules",
        Stage::Link => "finding references",
        Stage::Judge => "judging resources",
        Stage::Report => "writing the report",
    }
}
