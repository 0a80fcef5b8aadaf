//! Which words of an installer's command name packages: those behind its subcommand that are neither flags nor the values of
//! flags.

use super::lexer::Word;
use super::program::is_flag;

/// A program that installs packages.
struct Installer {
    programs: &'static [&'static str],
    /// The subcommands that install what is named behind them.
    installs: &'static [&'static str],
    /// The flags whose value is the next word.
    valued: &'static [&'static str],
}

static INSTALLERS: &[Installer] = &[
    Installer {
        programs: &["apt", "apt-get"],
        installs: &["install"],
        valued: &[
            "-a",
            "-c",
            "-o",
            "-t",
            "--config-file",
            "--default-release",
            "--host-architecture",
            "--option",
            "--target-release",
        ],
    },
    Installer {
        programs: &["apk"],
        installs: &["add"],
        valued: &[
            "-p",
            "-t",
            "-X",
            "--arch",
            "--cache-dir",
            "--cache-max-age",
            "--keys-dir",
            "--progress-fd",
            "--repositories-file",
            "--repository",
            "--root",
            "--timeout",
            "--virtual",
            "--wait",
        ],
    },
    Installer {
        programs: &["gem"],
        installs: &["install", "i"],
        valued: &[
            "-B",
            "-i",
            "-n",
            "-p",
            "-P",
            "-s",
            "-v",
            "--bindir",
            "--build-root",
            "--bulk-threshold",
            "--config-file",
            "--http-proxy",
            "--install-dir",
            "--platform",
            "--source",
            "--trust-policy",
            "--version",
            "--without",
        ],
    },
    Installer {
        programs: &["npm"],
        installs: &["install", "i", "add"],
        valued: &[
            "-C",
            "-w",
            "--audit-level",
            "--before",
            "--cache",
            "--cpu",
            "--fetch-retries",
            "--fetch-timeout",
            "--include",
            "--install-strategy",
            "--libc",
            "--location",
            "--loglevel",
            "--maxsockets",
            "--node-options",
            "--omit",
            "--only",
            "--os",
            "--otp",
            "--prefix",
            "--registry",
            "--scope",
            "--script-shell",
            "--tag",
            "--userconfig",
            "--workspace",
        ],
    },
    Installer {
        programs: &["pip", "pip2", "pip3"],
        installs: &["install"],
        valued: &[
            "-c",
            "-C",
            "-e",
            "-f",
            "-i",
            "-r",
            "-t",
            "--abi",
            "--build-constraint",
            "--cache-dir",
            "--cert",
            "--client-cert",
            "--config-settings",
            "--constraint",
            "--editable",
            "--exists-action",
            "--extra-index-url",
            "--find-links",
            "--global-option",
            "--group",
            "--implementation",
            "--index-url",
            "--keyring-provider",
            "--log",
            "--no-binary",
            "--only-binary",
            "--platform",
            "--prefix",
            "--progress-bar",
            "--proxy",
            "--python",
            "--python-version",
            "--report",
            "--requirement",
            "--resume-retries",
            "--retries",
            "--root",
            "--root-user-action",
            "--src",
            "--target",
            "--timeout",
            "--trusted-host",
            "--upgrade-strategy",
            "--use-deprecated",
            "--use-feature",
        ],
    },
    Installer {
        programs: &["dnf", "microdnf", "tdnf", "yum", "zypper"],
        installs: &["install", "in"],
        valued: &[
            "-c",
            "-d",
            "-e",
            "-p",
            "-r",
            "-R",
            "-t",
            "-x",
            "--cache-dir",
            "--config",
            "--destdir",
            "--disableplugin",
            "--disablerepo",
            "--downloaddir",
            "--enableplugin",
            "--enablerepo",
            "--exclude",
            "--forcearch",
            "--from",
            "--installroot",
            "--releasever",
            "--repo",
            "--repofrompath",
            "--repoid",
            "--reposd-dir",
            "--root",
            "--setopt",
            "--type",
        ],
    },
];

/// The words that name packages, of those behind a program. None of a program that installs none here.
pub(super) fn packages<'w>(program: &str, words: &'w [Word]) -> Vec<&'w Word> {
    // `pip3.13` is one as `pip3` is.
    let program = program.split('.').next().unwrap_or(program);
    let Some(installer) = INSTALLERS.iter().find(|installer| installer.programs.contains(&program)) else {
        return Vec::new();
    };
    let is_subcommand = |word: &&Word| word.fixed().is_some_and(|text| installer.installs.contains(&text));
    let mut operands = operands(words, installer.valued).into_iter();
    if operands.by_ref().any(|word| is_subcommand(&word)) { operands.collect() } else { Vec::new() }
}

/// The words that are neither flags nor the values of flags. What stands behind `--` is for somebody else to read.
fn operands<'w>(words: &'w [Word], valued: &[&str]) -> Vec<&'w Word> {
    let mut operands = Vec::new();
    let mut words = words.iter().take_while(|word| word.fixed() != Some("--"));
    while let Some(word) = words.next() {
        match is_flag(word) {
            false => operands.push(word),
            true if word.fixed().is_some_and(|flag| takes_next(flag, valued)) => drop(words.next()),
            true => {}
        }
    }
    operands
}

/// Whether the value of a flag is the next word. Of letters behind one dash (`-qo`) only the last one can have it there; behind
/// any other one that takes a value the rest is the value.
fn takes_next(flag: &str, valued: &[&str]) -> bool {
    let letters = flag.strip_prefix('-').unwrap_or_default();
    if letters.starts_with('-') {
        return valued.contains(&flag);
    }
    let first = letters.char_indices().find(|(_, letter)| valued.contains(&&*format!("-{letter}")));
    first.is_some_and(|(at, letter)| at + letter.len_utf8() == letters.len())
}
