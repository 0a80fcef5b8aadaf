//! The table of formats: which files name packages, and who reads them.

use secscan_model::Source;

use super::{
    Contents, Ecosystem, cargo, composer, gem, go, gradle, maven, npm, nuget, pnpm, pyproject, python_locks,
    requirements, settings, yarn,
};

/// What a file is to its project.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// People declare in it what they need.
    Manifest,
    /// A tool fixes versions in it.
    Lockfile,
    /// It says where packages come from.
    Settings,
}

impl Role {
    /// The type of its resource.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Lockfile => "lockfile",
            Self::Settings => "settings",
        }
    }
}

/// A file format that names packages.
pub struct Format {
    /// Its name, as resources carry it.
    pub name: &'static str,
    /// What its files are to their project.
    pub role: Role,
    /// Whose packages it names.
    pub ecosystem: Ecosystem,
    /// The names of its files, with `*` for anything but a slash; a slash asks for the folder too.
    pub files: &'static [&'static str],
    /// Of a lockfile: the formats of the manifests that it belongs to.
    pub locks: &'static [&'static str],
    pub(super) read: fn(&Source, &mut Contents),
}

/// All formats; the first that claims a path reads it.
pub static FORMATS: &[Format] = &[
    Format {
        name: "Cargo.toml",
        role: Role::Manifest,
        ecosystem: Ecosystem::Cargo,
        files: &["Cargo.toml"],
        locks: &[],
        read: cargo::read_manifest,
    },
    Format {
        name: "Cargo.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Cargo,
        files: &["Cargo.lock"],
        locks: &["Cargo.toml"],
        read: cargo::read_lockfile,
    },
    Format {
        name: "package.json",
        role: Role::Manifest,
        ecosystem: Ecosystem::Npm,
        files: &["package.json"],
        locks: &[],
        read: npm::read_manifest,
    },
    Format {
        name: "package-lock.json",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Npm,
        files: &["package-lock.json", "npm-shrinkwrap.json"],
        locks: &["package.json"],
        read: npm::read_lockfile,
    },
    Format {
        name: "yarn.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Npm,
        files: &["yarn.lock"],
        locks: &["package.json"],
        read: yarn::read,
    },
    Format {
        name: "pnpm-lock.yaml",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Npm,
        files: &["pnpm-lock.yaml"],
        locks: &["package.json"],
        read: pnpm::read,
    },
    Format {
        name: ".npmrc",
        role: Role::Settings,
        ecosystem: Ecosystem::Npm,
        files: &[".npmrc"],
        locks: &[],
        read: settings::read_npmrc,
    },
    Format {
        name: "requirements.txt",
        role: Role::Manifest,
        ecosystem: Ecosystem::Pypi,
        files: &[
            "*requirements*.txt",
            "*constraints*.txt",
            "requirements/*.txt",
            "*requirements*.in",
            "requirements/*.in",
        ],
        locks: &[],
        read: requirements::read,
    },
    Format {
        name: "pyproject.toml",
        role: Role::Manifest,
        ecosystem: Ecosystem::Pypi,
        files: &["pyproject.toml"],
        locks: &[],
        read: pyproject::read,
    },
    Format {
        name: "Pipfile",
        role: Role::Manifest,
        ecosystem: Ecosystem::Pypi,
        files: &["Pipfile"],
        locks: &[],
        read: pyproject::read_pipfile,
    },
    Format {
        name: "poetry.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Pypi,
        files: &["poetry.lock"],
        locks: &["pyproject.toml"],
        read: python_locks::read_poetry,
    },
    Format {
        name: "uv.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Pypi,
        files: &["uv.lock"],
        locks: &["pyproject.toml"],
        read: python_locks::read_uv,
    },
    Format {
        name: "pdm.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Pypi,
        files: &["pdm.lock"],
        locks: &["pyproject.toml"],
        read: python_locks::read_pdm,
    },
    Format {
        name: "pylock.toml",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Pypi,
        files: &["pylock.toml", "pylock.*.toml"],
        locks: &["pyproject.toml"],
        read: python_locks::read_pylock,
    },
    Format {
        name: "Pipfile.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Pypi,
        files: &["Pipfile.lock"],
        locks: &["Pipfile"],
        read: python_locks::read_pipenv,
    },
    Format {
        name: "pip.conf",
        role: Role::Settings,
        ecosystem: Ecosystem::Pypi,
        files: &["pip.conf", "pip.ini"],
        locks: &[],
        read: settings::read_pip,
    },
    Format {
        name: "go.mod",
        role: Role::Manifest,
        ecosystem: Ecosystem::Golang,
        files: &["go.mod"],
        locks: &[],
        read: go::read_manifest,
    },
    Format {
        name: "go.sum",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Golang,
        files: &["go.sum"],
        locks: &["go.mod"],
        read: go::read_sums,
    },
    Format {
        name: "pom.xml",
        role: Role::Manifest,
        ecosystem: Ecosystem::Maven,
        files: &["pom.xml"],
        locks: &[],
        read: maven::read,
    },
    Format {
        name: "settings.xml",
        role: Role::Settings,
        ecosystem: Ecosystem::Maven,
        files: &["settings.xml"],
        locks: &[],
        read: maven::read_settings,
    },
    Format {
        name: "gradle.lockfile",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Maven,
        files: &["gradle.lockfile", "buildscript-gradle.lockfile"],
        locks: &[],
        read: gradle::read,
    },
    Format {
        name: "gradle-wrapper.properties",
        role: Role::Settings,
        ecosystem: Ecosystem::Maven,
        files: &["gradle-wrapper.properties"],
        locks: &[],
        read: settings::read_wrapper,
    },
    Format {
        name: "maven-wrapper.properties",
        role: Role::Settings,
        ecosystem: Ecosystem::Maven,
        files: &["maven-wrapper.properties"],
        locks: &[],
        read: settings::read_wrapper,
    },
    Format {
        name: "Gemfile",
        role: Role::Manifest,
        ecosystem: Ecosystem::Gem,
        files: &["Gemfile"],
        locks: &[],
        read: gem::read_manifest,
    },
    Format {
        name: "Gemfile.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Gem,
        files: &["Gemfile.lock"],
        locks: &["Gemfile"],
        read: gem::read_lockfile,
    },
    Format {
        name: "composer.json",
        role: Role::Manifest,
        ecosystem: Ecosystem::Composer,
        files: &["composer.json"],
        locks: &[],
        read: composer::read_manifest,
    },
    Format {
        name: "composer.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Composer,
        files: &["composer.lock"],
        locks: &["composer.json"],
        read: composer::read_lockfile,
    },
    Format {
        name: "MSBuild project",
        role: Role::Manifest,
        ecosystem: Ecosystem::Nuget,
        files: &["*.csproj", "*.fsproj", "*.vbproj", "Directory.Packages.props"],
        locks: &[],
        read: nuget::read_project,
    },
    Format {
        name: "packages.lock.json",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Nuget,
        files: &["packages.lock.json"],
        locks: &["MSBuild project"],
        read: nuget::read_lockfile,
    },
    Format {
        name: "packages.config",
        role: Role::Manifest,
        ecosystem: Ecosystem::Nuget,
        files: &["packages.config"],
        locks: &[],
        read: nuget::read_config,
    },
    Format {
        name: "NuGet.config",
        role: Role::Settings,
        ecosystem: Ecosystem::Nuget,
        files: &["NuGet.config", "nuget.config", "NuGet.Config"],
        locks: &[],
        read: nuget::read_settings,
    },
];

/// The format of a path.
pub fn format_of(path: &str) -> Option<&'static Format> {
    // What stands in there is installed, not asked for: `installed` reads it.
    if path.split('/').any(|folder| folder == "node_modules") {
        return None;
    }
    FORMATS.iter().find(|format| format.files.iter().any(|pattern| is_named(pattern, path)))
}

/// Whether the last segments of a path have the names of a pattern.
fn is_named(pattern: &str, path: &str) -> bool {
    // Asked of every file: nearly all of them end otherwise.
    let end = pattern.bytes().rposition(|byte| byte == b'*').map_or(0, |star| star + 1);
    if !path.as_bytes().ends_with(&pattern.as_bytes()[end..]) {
        return false;
    }
    let mut segments = path.rsplit('/');
    pattern.rsplit('/').all(|pattern| segments.next().is_some_and(|name| glob(pattern, name)))
}

/// Whether a name matches a pattern in which `*` stands for any run of characters.
fn glob(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(head) else { return false };
    match rest.split_once('*') {
        None => name.ends_with(rest),
        Some((middle, _)) => name.find(middle).is_some_and(|at| glob(rest, &name[at..])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decide_the_format() {
        for (path, expected) in [
            ("Cargo.lock", Some("Cargo.lock")),
            ("a/b/package-lock.json", Some("package-lock.json")),
            ("requirements.txt", Some("requirements.txt")),
            ("dev-requirements-3.txt", Some("requirements.txt")),
            ("a/requirements/base.txt", Some("requirements.txt")),
            ("base.txt", None),
            ("my-package.json", None),
        ] {
            assert_eq!(format_of(path).map(|format| format.name), expected, "{path}");
        }
    }

    #[test]
    fn lockfiles_name_manifests_that_are_read() {
        for format in FORMATS {
            let is_manifest = |name: &&&str| FORMATS.iter().any(|f| f.name == **name && f.role == Role::Manifest);
            assert_eq!(format.locks.iter().filter(is_manifest).count(), format.locks.len(), "{}", format.name);
            assert!(format.role == Role::Lockfile || format.locks.is_empty(), "{}", format.name);
        }
    }
}
