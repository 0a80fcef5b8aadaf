//! Targets as they are named on the command line, as trees of files.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};
use secscan_discover::{Directory, Forest, GitTree, History, Options, Stdin};
use secscan_image::{ImageTree, Target};
use secscan_model::FileTree;

use crate::args::ImageArguments;
use crate::progress::Progress;

/// What a target's name stands for.
enum Kind<'a> {
    Path(&'a Path),
    /// One file that is a bill of materials, whatever it is called.
    Sbom(&'a Path),
    Revision(&'a str),
    Image(Target),
    Stdin,
}

fn kind(target: &str) -> anyhow::Result<Kind<'_>> {
    if let Some(path) = target.strip_prefix("sbom:") {
        return Ok(Kind::Sbom(Path::new(path)));
    }
    if let Some(image) = Target::parse(target) {
        return Ok(Kind::Image(image));
    }
    Ok(match target.strip_prefix("git:") {
        Some(revision) => Kind::Revision(revision),
        None if target == "-" => Kind::Stdin,
        None => Kind::Path(Path::new(target)),
    })
}

/// All targets as one tree, named as reports print them.
pub(crate) fn open(
    targets: &[String],
    stdin_name: &str,
    options: &Options,
    images: &ImageArguments,
) -> anyhow::Result<Forest> {
    let mut trees: Vec<(String, Box<dyn FileTree>)> = Vec::new();
    for target in targets {
        let tree: Box<dyn FileTree> = match kind(target)? {
            Kind::Path(path) => Box::new(Directory::open(path, options)?),
            Kind::Revision(revision) => Box::new(GitTree::open(Path::new("."), revision, options)?),
            Kind::Sbom(path) => Box::new(open_sbom(path, options)?),
            Kind::Image(image) => Box::new(open_image(&image, options, images)?),
            Kind::Stdin => Box::new(Stdin::read(stdin_name, std::io::stdin().lock(), options.max_file_size)?),
        };
        trees.push((prefix(target, targets.len() > 1)?, tree));
    }
    Ok(Forest::new(trees))
}

/// A bill of materials in JSON. The name that readers see ends in `.json`, so that they take it for what it is.
fn open_sbom(path: &Path, options: &Options) -> anyhow::Result<Stdin> {
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let name = slashed(path);
    let name = if name.ends_with(".json") { name } else { format!("{name}.json") };
    let bill = Stdin::read(&name, file, options.max_file_size).with_context(|| path.display().to_string())?;
    let bytes = bill.list().files.first().and_then(|file| bill.read(file).ok()).unwrap_or_default();
    let says = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    if !says("\"bomFormat\"") && !says("\"spdxVersion\"") {
        bail!("{}: no bill of materials in JSON: neither CycloneDX nor SPDX 2", path.display());
    }
    Ok(bill)
}

fn open_image(image: &Target, options: &Options, arguments: &ImageArguments) -> anyhow::Result<ImageTree> {
    let progress = Progress::of_image(image);
    let options = secscan_image::Options {
        platform: arguments.platform.clone(),
        insecure_registries: arguments.insecure_registries.clone(),
        max_file_size: options.max_file_size,
        on_progress: Some(&|at| progress.image(at)),
        ..secscan_image::Options::default()
    };
    let tree = secscan_image::open(image, &options);
    progress.finish();
    Ok(tree?)
}

/// What the next commit would change of the targets, and the same as HEAD has it.
pub(crate) fn open_staged(targets: &[String], options: &Options) -> anyhow::Result<(Forest, Forest)> {
    let mut staged: Vec<(String, Box<dyn FileTree>)> = Vec::new();
    let mut head: Vec<(String, Box<dyn FileTree>)> = Vec::new();
    for (target, path) in folders(targets, "--staged")? {
        let (ours, theirs) = GitTree::staged(path, options)?;
        let prefix = prefix(target, targets.len() > 1)?;
        staged.push((prefix.clone(), Box::new(ours)));
        head.push((prefix, Box::new(theirs)));
    }
    Ok((Forest::new(staged), Forest::new(head)))
}

/// The targets with all that their repositories ever held.
pub(crate) fn open_with_history(targets: &[String], options: &Options) -> anyhow::Result<Forest> {
    let mut trees: Vec<(String, Box<dyn FileTree>)> = Vec::new();
    for (target, path) in folders(targets, "--history")? {
        let prefix = prefix(target, targets.len() > 1)?;
        let history = Box::new(History::open(path, options)?);
        // A bare repository has no files of today.
        if !is_bare(path) {
            trees.push((prefix.clone(), Box::new(Directory::open(path, options)?)));
        }
        trees.push((prefix, history));
    }
    Ok(Forest::new(trees))
}

fn is_bare(path: &Path) -> bool {
    path.join("HEAD").is_file() && path.join("objects").is_dir()
}

/// The targets as folders and files of a repository; an error for anything else.
fn folders<'t>(targets: &'t [String], option: &str) -> anyhow::Result<Vec<(&'t String, &'t Path)>> {
    let folder = |target: &'t String| match kind(target)? {
        Kind::Path(_) => Ok((target, Path::new(target))),
        _ => bail!("{option} looks at folders and files of a Git repository; `{target}` is neither"),
    };
    targets.iter().map(folder).collect()
}

/// The same targets at a revision.
pub(crate) fn open_at(targets: &[String], revision: &str, options: &Options) -> anyhow::Result<Forest> {
    let mut trees: Vec<(String, Box<dyn FileTree>)> = Vec::new();
    for target in targets {
        let Kind::Path(path) = kind(target)? else {
            bail!("--since compares folders and files of a Git repository; `{target}` is neither");
        };
        trees.push((prefix(target, targets.len() > 1)?, Box::new(GitTree::open(path, revision, options)?)));
    }
    Ok(Forest::new(trees))
}

/// The first target that is a folder or file: where settings are looked for and whose repository counts.
pub(crate) fn first_path(targets: &[String]) -> Option<PathBuf> {
    targets.iter().find_map(|target| match kind(target) {
        Ok(Kind::Path(path)) => Some(path.to_owned()),
        Ok(Kind::Revision(_)) => Some(".".into()),
        _ => None,
    })
}

/// What stands in front of the paths of a target, so that they read from the working directory: the folder itself when
/// it lies below; nothing when it lies elsewhere, or its name when several targets must be told apart.
fn prefix(target: &str, is_one_of_many: bool) -> anyhow::Result<String> {
    let path = match kind(target)? {
        Kind::Path(path) => path,
        // Two images have the same paths.
        Kind::Image(_) if is_one_of_many => return Ok(target.replace(['/', ':'], "-")),
        Kind::Image(_) | Kind::Revision(_) | Kind::Sbom(_) | Kind::Stdin => return Ok(String::new()),
    };
    if !path.is_dir() {
        return Ok(String::new());
    }
    let folder = path.canonicalize().with_context(|| target.to_owned())?;
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).context("the working directory")?;
    if let Ok(below) = folder.strip_prefix(&here) {
        return Ok(slashed(below));
    }
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(name.filter(|_| is_one_of_many).unwrap_or_default())
}

/// A relative path with forward slashes.
pub(crate) fn slashed(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}
