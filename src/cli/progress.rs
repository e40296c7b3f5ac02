//! Long work: a bar on a terminal, a line every few seconds elsewhere.

use super::render::note;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Time between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(5);

/// How far something is, told on stderr.
pub(super) struct ProgressLine {
    what: &'static str,
    bar: Option<ProgressBar>,
    quiet: bool,
    told: Instant,
}

impl ProgressLine {
    /// Begins to count `what`; nothing shows before there is something to count.
    pub(super) fn start(what: &'static str, quiet: bool) -> ProgressLine {
        let terminal = std::io::stderr().is_terminal() && !quiet;
        let bar = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            bar.set_style(style("{pos} {prefix}  {msg}"));
            bar.set_prefix(what);
            bar
        });
        ProgressLine {
            what,
            bar,
            quiet,
            told: Instant::now(),
        }
    }

    /// `done` of `all`, or of nobody knows how many; `detail` says where it is.
    pub(super) fn tell(&mut self, done: u64, all: Option<u64>, detail: &str) {
        if let Some(bar) = &self.bar {
            if let (Some(all), None) = (all, bar.length()) {
                bar.set_length(all);
                bar.set_style(style("{bar:30} {pos}/{len} {prefix}  {msg}  {eta} left"));
            }
            bar.set_message(detail.to_owned());
            bar.set_position(done);
        } else if !self.quiet && self.told.elapsed() >= PAUSE {
            self.told = Instant::now();
            let of = all.map(|all| format!(" of {all}")).unwrap_or_default();
            note(format!("{done}{of} {} {detail}", self.what).trim_end());
        }
    }

    /// The work is done; a bar goes away.
    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
