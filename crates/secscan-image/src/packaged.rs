//! Folders that package managers fill: what lies below them was installed, and is nobody's own work.

use std::sync::Arc;

/// Folders of a distribution's packages and of the languages themselves, from the root of the image. `#` stands for a
/// version, or nothing.
static FROM_ROOT: &[&str] = &[
    "usr/include",
    "usr/lib/gcc",
    "usr/lib/go#",
    "usr/lib/jvm",
    "usr/lib/nodejs",
    "usr/lib/php#",
    "usr/lib/ruby",
    "usr/local/go",
    "usr/local/lib/ruby",
    "usr/share/doc",
    "usr/share/gcc#",
    "usr/share/gdb",
    "usr/share/go#",
    "usr/share/java",
    "usr/share/javascript",
    "usr/share/nodejs",
    "usr/share/npm",
    "usr/share/perl#",
    "usr/share/php",
    "usr/share/python#",
    "usr/share/python-wheels",
];

/// Folders of packages of languages, wherever they are.
static ANYWHERE: &[&str] = &[
    ".cargo/registry/src",
    "cargo/registry/src",
    "dist-packages",
    "go/pkg/mod",
    "lib/python#",
    "lib/rustlib",
    "lib64/python#",
    "node_modules",
    "ruby/gems",
    "site-packages",
    "usr/local/bundle/gems",
];

/// Tells of paths whether a package manager put them there; the folder that was asked for last is remembered.
#[derive(Default)]
pub(crate) struct Packaged {
    last: Option<(Arc<str>, usize, bool)>,
}

impl Packaged {
    /// Whether a file lies in such a folder.
    pub(crate) fn holds(&mut self, path: &Arc<str>) -> bool {
        let folder = path.rfind('/').unwrap_or_default();
        if let Some((last, length, answer)) = &self.last
            && last.get(..*length) == path.get(..folder)
        {
            return *answer;
        }
        let answer = is_installed(path.get(..folder).unwrap_or_default());
        self.last = Some((path.clone(), folder, answer));
        answer
    }
}

fn is_installed(folder: &str) -> bool {
    let starts = folder.match_indices('/').map(|(slash, _)| slash + 1);
    FROM_ROOT.iter().any(|wanted| leads(folder, wanted))
        || std::iter::once(0)
            .chain(starts)
            .filter_map(|start| folder.get(start..))
            .any(|rest| ANYWHERE.iter().any(|wanted| leads(rest, wanted)))
}

/// Whether a path is the wanted folder or below it.
fn leads(path: &str, wanted: &str) -> bool {
    let (name, has_version) = wanted.strip_suffix('#').map_or((wanted, false), |name| (name, true));
    let Some(rest) = path.strip_prefix(name) else { return false };
    let rest = if has_version {
        rest.trim_start_matches(['-', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    } else {
        rest
    };
    rest.is_empty() || rest.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_package_managers_install_is_told_from_what_people_write() {
        let mut packaged = Packaged::default();
        let mut holds = |path: &str| packaged.holds(&path.into());
        for path in [
            "usr/lib/python3/dist-packages/apt.py",
            "usr/lib/python3.11/ast.py",
            "opt/venv/lib/python3.12/site-packages/flask/app.py",
            "usr/local/lib/python3.12/http/server.py",
            "app/node_modules/left-pad/index.js",
            "usr/lib/go-1.22/src/fmt/print.go",
            "usr/share/perl5/Debian/x.py",
            "root/go/pkg/mod/example.com/a@v1.0.0/a.go",
            "usr/local/bundle/gems/rack-3/bin/tool.js",
        ] {
            assert!(holds(path), "{path}");
        }
        for path in [
            "app/main.py",
            "main.py",
            "usr/src/app/server.js",
            "usr/share/nginx/html/app.js",
            "usr/share/gopher/main.go",
            "srv/lib/python-tools/run.py",
            "site-packages.py",
            "home/me/usr/include/x.go",
        ] {
            assert!(!holds(path), "{path}");
        }
    }
}
