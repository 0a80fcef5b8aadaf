//! How far a declared requirement leaves the version open.

use super::Ecosystem;

/// How far the version is left open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bound {
    /// One version.
    Exact,
    /// Several, with an upper end.
    Range,
    /// Everything from some version on.
    Lower,
    /// Everything.
    Any,
}

impl Bound {
    /// The word that rules compare with.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Range => "range",
            Self::Lower => "lower",
            Self::Any => "any",
        }
    }

    /// Whether it is one version.
    pub(crate) fn is_exact(self) -> bool {
        self == Self::Exact
    }
}

/// How far a requirement leaves the version open, by the grammar of its ecosystem. Empty text asks for nothing.
pub(crate) fn bound(ecosystem: Ecosystem, written: &str) -> Bound {
    let written = written.trim();
    if written.is_empty()
        || matches!(written, "*" | "x" | "X" | "latest" | "LATEST" | "RELEASE" | "+" | "latest.release")
    {
        return Bound::Any;
    }
    match ecosystem {
        Ecosystem::Cargo => comparators(written, ',', Bound::Range),
        Ecosystem::Npm => {
            let written =
                written.strip_prefix("npm:").and_then(|rest| rest.rsplit_once('@')).map_or(written, |(_, v)| v);
            widest(written.split("||").map(npm))
        }
        Ecosystem::Composer => widest(written.split('|').filter(|part| !part.is_empty()).map(|part| {
            let part = part.split('@').next().unwrap_or_default().trim();
            if part.starts_with("dev-") || part.ends_with("-dev") { Bound::Any } else { npm(part) }
        })),
        Ecosystem::Pypi => {
            // Poetry's caret and tilde, and bare versions in Poetry's own tables.
            if written.starts_with(['^', '~']) && !written.starts_with("~=") {
                Bound::Range
            } else {
                comparators(written, ',', Bound::Exact)
            }
        }
        Ecosystem::Gem => comparators(written, ',', Bound::Exact),
        Ecosystem::Maven | Ecosystem::Nuget => intervals(ecosystem, written),
        _ => Bound::Exact,
    }
}

fn widest(bounds: impl Iterator<Item = Bound>) -> Bound {
    let rank = |bound: &Bound| match bound {
        Bound::Exact => 0,
        Bound::Range => 1,
        Bound::Lower => 2,
        Bound::Any => 3,
    };
    let mut count = 0;
    let widest = bounds.inspect(|_| count += 1).max_by_key(rank).unwrap_or(Bound::Any);
    if count > 1 && widest == Bound::Exact { Bound::Range } else { widest }
}

/// One alternative of npm's grammar: comparators that are separated by blanks, or `1.2 - 1.4`.
fn npm(written: &str) -> Bound {
    let written = written.trim();
    if written.contains(" - ") {
        return Bound::Range;
    }
    if written.is_empty() || matches!(written, "*" | "x" | "X" | "latest" | "next") {
        return Bound::Any;
    }
    if !written.starts_with(['<', '>', '=', '^', '~', 'v']) && !written.starts_with(|c: char| c.is_ascii_digit()) {
        // A tag of the registry: whatever it points at today.
        return Bound::Any;
    }
    let written = written.replace(',', " ");
    let joined = ["<=", ">=", "<", ">", "=", "^", "~"]
        .iter()
        .fold(written, |text, sign| text.replace(&format!("{sign} "), sign));
    comparators(&joined, ' ', Bound::Exact)
}

/// Comparators that must all hold; `bare` is what a version without an operator means.
fn comparators(written: &str, separator: char, bare: Bound) -> Bound {
    let parts: Vec<&str> = written.split(separator).map(str::trim).filter(|part| !part.is_empty()).collect();
    let is_partial = |version: &str| version.split('.').any(|part| matches!(part, "*" | "x" | "X"));
    let of = |part: &str| match part {
        _ if part.starts_with("!=") => Bound::Any,
        _ if part.starts_with('<') => Bound::Range,
        _ if part.starts_with('>') => Bound::Lower,
        _ if part.starts_with(['^', '~']) => Bound::Range,
        _ if is_partial(part) => Bound::Range,
        _ if part.starts_with('=') => Bound::Exact,
        _ => bare,
    };
    let bounds: Vec<Bound> = parts.iter().map(|part| of(part)).collect();
    [Bound::Exact, Bound::Range, Bound::Lower].into_iter().find(|bound| bounds.contains(bound)).unwrap_or(Bound::Any)
}

/// Maven's and NuGet's intervals: `[1.0]`, `[1,2)`, `[1,)`; NuGet's bare version is a lower bound that resolves to
/// exactly it when the registry has it, which is how Maven reads its own, so both count as exact.
fn intervals(ecosystem: Ecosystem, written: &str) -> Bound {
    if written.starts_with(['[', '(']) {
        let inner = written.trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
        return match inner.rsplit_once(',') {
            None => Bound::Exact,
            Some((_, upper)) if upper.trim().is_empty() => Bound::Lower,
            Some(_) => Bound::Range,
        };
    }
    if written.ends_with("-SNAPSHOT") {
        return Bound::Range;
    }
    match written {
        _ if ecosystem == Ecosystem::Nuget && written.contains('*') => Bound::Range,
        _ if written.ends_with('+') || written.starts_with("latest.") => Bound::Range,
        _ => Bound::Exact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_follow_the_grammar_of_each_ecosystem() {
        for (ecosystem, written, expected) in [
            (Ecosystem::Cargo, "1.2", Bound::Range),
            (Ecosystem::Cargo, "=1.2.3", Bound::Exact),
            (Ecosystem::Cargo, ">=1, <2", Bound::Range),
            (Ecosystem::Cargo, ">=1", Bound::Lower),
            (Ecosystem::Cargo, "*", Bound::Any),
            (Ecosystem::Cargo, "1.*", Bound::Range),
            (Ecosystem::Npm, "4.18.2", Bound::Exact),
            (Ecosystem::Npm, "^4.18.2", Bound::Range),
            (Ecosystem::Npm, "4.x", Bound::Range),
            (Ecosystem::Npm, ">= 1.2", Bound::Lower),
            (Ecosystem::Npm, ">=1 <2", Bound::Range),
            (Ecosystem::Npm, "^1 || ^2", Bound::Range),
            (Ecosystem::Npm, "^1 || >=3", Bound::Lower),
            (Ecosystem::Npm, "1.0.0 || 2.0.0", Bound::Range),
            (Ecosystem::Npm, "latest", Bound::Any),
            (Ecosystem::Npm, "", Bound::Any),
            (Ecosystem::Npm, "beta", Bound::Any),
            (Ecosystem::Npm, "npm:other@1.2.3", Bound::Exact),
            (Ecosystem::Npm, "1.0.0 - 2.0.0", Bound::Range),
            (Ecosystem::Pypi, "==1.2.3", Bound::Exact),
            (Ecosystem::Pypi, "===1.2.3", Bound::Exact),
            (Ecosystem::Pypi, "==1.2.*", Bound::Range),
            (Ecosystem::Pypi, "~=1.2", Bound::Range),
            (Ecosystem::Pypi, "^1.2", Bound::Range),
            (Ecosystem::Pypi, ">=1.2", Bound::Lower),
            (Ecosystem::Pypi, ">=1.2,<2", Bound::Range),
            (Ecosystem::Pypi, "!=1.3", Bound::Any),
            (Ecosystem::Gem, "~> 1.2", Bound::Range),
            (Ecosystem::Gem, ">= 1.2", Bound::Lower),
            (Ecosystem::Gem, "1.2.3", Bound::Exact),
            (Ecosystem::Composer, "^7.4|^8.0", Bound::Range),
            (Ecosystem::Composer, "dev-master", Bound::Any),
            (Ecosystem::Composer, "1.0.*", Bound::Range),
            (Ecosystem::Maven, "1.2.3", Bound::Exact),
            (Ecosystem::Maven, "[1.2,2)", Bound::Range),
            (Ecosystem::Maven, "[1.2,)", Bound::Lower),
            (Ecosystem::Maven, "[1.2]", Bound::Exact),
            (Ecosystem::Maven, "LATEST", Bound::Any),
            (Ecosystem::Maven, "1.0-SNAPSHOT", Bound::Range),
            (Ecosystem::Nuget, "1.*", Bound::Range),
            (Ecosystem::Golang, "v1.2.3", Bound::Exact),
        ] {
            assert_eq!(bound(ecosystem, written), expected, "{} {written}", ecosystem.purl_type());
        }
    }
}
