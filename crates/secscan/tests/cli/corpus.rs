//! Files that are broken, hostile or no files at all, made when they are asked for: nothing of the kind is committed.
//!
//! Each function is one kind of evil. How deep and how long things get is an argument, because some tests ask the same
//! of many runs.

use std::io::Write;
use std::path::{Path, PathBuf};

/// What is broken, and whether something must be said about it.
pub(crate) struct Case {
    /// The file's path.
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    /// Whether the file must be named by a diagnostic.
    pub(crate) told: bool,
}

fn case(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Case {
    Case { path: path.into(), bytes: bytes.into(), told: true }
}

/// A case in which everything can be understood, or nothing needs to be.
fn harmless(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Case {
    Case { path: path.into(), bytes: bytes.into(), told: false }
}

/// Everything, but for files of many megabytes; nothing nests deeper or goes on longer than this.
pub(crate) fn all(depth: usize) -> Vec<Case> {
    let kinds = [
        bytes(),
        syntax(),
        bombs(),
        cycles(),
        chains(depth),
        nested(depth),
        nested_code(depth),
        nested_scripts(depth),
        nonsense(),
        cut(),
        renamed(),
    ];
    kinds.into_iter().flatten().collect()
}

/// A workflow whose one step runs this.
fn workflow(run: &str) -> String {
    format!("on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: {run}\n")
}

/// A manifest with this as its data.
fn config_map(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a }}\ndata: {data}\n")
}

/// As some editors and shells of Windows write.
fn in_utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Bytes that are no text.
pub(crate) fn bytes() -> Vec<Case> {
    vec![
        case("latin.yaml", b"apiVersion: v1\nkind: Pod\nmetadata: { name: \xe9t\xe9 }\n".as_slice()),
        case("latin.tf", b"resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"\xe9\"\n}\n".as_slice()),
        case("latin/Dockerfile", b"FROM alpine:3.22\nLABEL name=\xe9t\xe9\n".as_slice()),
        case("latin/Cargo.lock", b"[[package]]\nname = \"\xe9\"\nversion = \"1.0.0\"\n".as_slice()),
        case("nul.yaml", b"apiVersion: v1\nkind: \0Pod\n".as_slice()),
        case("nul.json", b"{\"AWSTemplateFormatVersion\": \"2010-09-09\", \"Resources\": {\0}}".as_slice()),
        case("wide.yaml", in_utf16("apiVersion: v1\nkind: Pod\n")),
        harmless("latin.py", b"name = \"\xe9\"\n".as_slice()),
        harmless("empty.yaml", b"".as_slice()),
        harmless("empty.tf", b"".as_slice()),
        harmless("mark.yaml", b"\xef\xbb\xbf".as_slice()),
    ]
}

/// Files that break off or do not follow their format.
pub(crate) fn syntax() -> Vec<Case> {
    vec![
        case("broken.yaml", "apiVersion: v1\nkind: Pod\nmetadata: { name: [\n"),
        case("broken.json", "{\"AWSTemplateFormatVersion\": \"2010-09-09\", \"Resources\": {\"A\": "),
        case("broken.tf", "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \n"),
        case("broken/Dockerfile", "FROM alpine:3.22\nNOT AN INSTRUCTION\n"),
        case("tabs.yaml", "apiVersion: v1\nkind: Pod\nspec:\n\tcontainers: []\n"),
    ]
}

/// Small files that mean something large.
pub(crate) fn bombs() -> Vec<Case> {
    let aliases = |open: &str, close: &str| {
        (1..10).fold(format!("a0: &a0 {open}x: 1{close}\n"), |text, level| {
            let of: Vec<_> = (0..10).map(|key| format!("k{key}: *a{}", level - 1)).collect();
            text + &format!("a{level}: &a{level} {open}{}{close}\n", of.join(", "))
        })
    };
    let lists = (1..10).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
        text + &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", "))
    });
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";
    let doubled = (1..64).fold("locals {\n  a0 = \"xxxxxxxxxx\"\n".to_owned(), |text, level| {
        text + &format!("  a{level} = \"${{local.a{0}}}${{local.a{0}}}\"\n", level - 1)
    });
    let groups = (1..40).fold("locals {\n  g0 = [1, 2]\n".to_owned(), |text, level| {
        text + &format!("  g{level} = [local.g{0}, local.g{0}]\n", level - 1)
    });
    vec![
        case("bomb.yaml", format!("{head}{lists}data: *a9\n")),
        case("maps.yaml", format!("{head}{}data: *a9\n", aliases("{", "}"))),
        case("count.tf", "resource \"aws_s3_bucket\" \"a\" {\n  count = 1000000000\n}\n"),
        harmless(
            "each.tf",
            "resource \"aws_s3_bucket\" \"b\" {\n  for_each = toset([for n in range(1000000000) : tostring(n)])\n}\n",
        ),
        harmless("doubled.tf", format!("{doubled}}}\nresource \"aws_s3_bucket\" \"c\" {{\n  bucket = local.a63\n}}\n")),
        harmless("groups.tf", format!("{groups}}}\nresource \"aws_s3_bucket\" \"d\" {{\n  acl = local.g39\n}}\n")),
        harmless(
            "functions.tf",
            "locals {\n  z = join(\"\", [for a in range(1000) : join(\"\", [for b in range(1000) : format(\"%0999999d\", \
             b)])])\n}\nresource \"aws_s3_bucket\" \"e\" {\n  bucket = local.z\n}\n",
        ),
        harmless("entities/pom.xml", entities()),
    ]
}

/// Entities that double.
fn entities() -> String {
    let doubled = (1..40).map(|level| format!("<!ENTITY e{level} \"&e{0};&e{0};\">", level - 1));
    format!(
        "<!DOCTYPE project [<!ENTITY e0 \"xxxxxxxxxx\">{}]><project><version>&e39;</version></project>",
        doubled.collect::<String>()
    )
}

/// Files of a single long line, and one that is longer than is read.
pub(crate) fn large() -> Vec<Case> {
    let ten_megabytes = 10 * 1024 * 1024 - 200;
    let line = "x".repeat(ten_megabytes);
    vec![
        harmless("line.yaml", config_map(&format!("{{ a: {line} }}"))),
        harmless("line.tf", format!("resource \"aws_s3_bucket\" \"a\" {{\n  bucket = \"{line}\"\n}}\n")),
        harmless("line/Dockerfile", format!("FROM alpine:3.22\nRUN echo {line}\n")),
        harmless("line.py", format!("a = \"{line}\"\n")),
        harmless(
            "line/package-lock.json",
            format!("{{\"lockfileVersion\": 3, \"packages\": {{\"\": {{\"x\": \"{line}\"}}}}}}"),
        ),
        case("larger.yaml", "# ".to_owned() + &"x".repeat(60_000_000)),
    ]
}

/// Definitions that lead back to themselves.
pub(crate) fn cycles() -> Vec<Case> {
    vec![
        case("cycle.yaml", config_map("&a { b: *a }")),
        case("merge.yaml", config_map("&a { <<: *a }")),
        harmless(
            "cycle.tf",
            "locals {\n  a = local.b\n  b = local.a\n}\nresource \"aws_s3_bucket\" \"c\" {\n  acl = local.a\n}\n",
        ),
        harmless("self/main.tf", "module \"self\" {\n  source = \"./\"\n}\nvariable \"v\" {\n  default = var.v\n}\n"),
        harmless("cycle/Dockerfile", "FROM a AS b\nFROM b AS a\nCOPY --from=a /x /y\n"),
        harmless("compose.yaml", "services:\n  a: { extends: { service: b } }\n  b: { extends: { service: a } }\n"),
        harmless(
            "conditions.template",
            "AWSTemplateFormatVersion: '2010-09-09'\nConditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\n\
             Resources:\n  C:\n    Type: AWS::S3::Bucket\n    Condition: A\n    Properties: { BucketName: !Ref C }\n",
        ),
        harmless("cycle/requirements.txt", "-r requirements.txt\n-c more.txt\nflask==3.0.0\n"),
        harmless(
            "cycle/pom.xml",
            "<project><properties><a>${b}</a><b>${a}</b></properties><version>${a}</version></project>",
        ),
    ]
}

/// Definitions that lead on and on.
pub(crate) fn chains(length: usize) -> Vec<Case> {
    let each = |line: &dyn Fn(usize) -> String| (1..length).map(line).collect::<String>();
    vec![
        harmless(
            "chain.tf",
            format!(
                "locals {{\n  c0 = 1\n{}}}\nresource \"aws_s3_bucket\" \"chain\" {{\n  acl = local.c{}\n}}\n",
                each(&|at| format!("  c{at} = local.c{}\n", at - 1)),
                length - 1
            ),
        ),
        harmless("sum.tf", format!("locals {{\n  sum = 1{}\n}}\n", " + 1".repeat(length))),
        harmless(
            "path.tf",
            format!("locals {{\n  path = local.a{}{}\n}}\n", ".b".repeat(length), "[0]".repeat(length)),
        ),
        harmless("choice.tf", format!("locals {{\n  choice = {}1\n}}\n", "true ? 1 : ".repeat(length))),
        harmless(
            "chain/Dockerfile",
            format!("FROM alpine:3.22 AS s0\n{}", each(&|at| format!("FROM s{} AS s{at}\n", at - 1))),
        ),
        harmless(
            "arguments/Dockerfile",
            format!("ARG A0=1\n{}FROM alpine:${{A1}}\n", each(&|at| format!("ARG A{at}=${{A{}}}\n", at - 1))),
        ),
        harmless(
            "aliases.yaml",
            config_map("{}") + "a0: &a0 {}\n" + &each(&|at| format!("a{at}: &a{at} {{ b: *a{} }}\n", at - 1)),
        ),
        harmless(
            "conditions.yaml",
            format!(
                "AWSTemplateFormatVersion: '2010-09-09'\nConditions:\n  C0: !Equals [a, a]\n{}Resources:\n  R:\n    \
                 Type: AWS::S3::Bucket\n    Condition: C{}\n",
                each(&|at| format!("  C{at}: !Not [!Condition C{}]\n", at - 1)),
                length - 1
            ),
        ),
        harmless("needs.json", format!("{{\"a\": 1{}}}", each(&|at| format!(", \"a{at}\": {at}")))),
        harmless("shell.sh", format!("true{}\n", " && true".repeat(length))),
        harmless("sum.py", format!("x = 1{}\ny = a{}\n", " + 1".repeat(length), ".b".repeat(length))),
    ]
}

/// Nesting in every format.
pub(crate) fn nested(depth: usize) -> Vec<Case> {
    let deep = |open: &str, close: &str| open.repeat(depth) + &close.repeat(depth);
    let brackets = deep("[", "]");
    let template =
        |resources: &str| format!("{{\"AWSTemplateFormatVersion\": \"2010-09-09\", \"Resources\": {resources}}}");
    let lockfile = |inner: &str| format!("{{\"lockfileVersion\": 3, \"packages\": {inner}}}");
    vec![
        case("deep.yaml", config_map(&brackets)),
        case("block.yaml", config_map(&"- ".repeat(depth))),
        case("questions.yaml", config_map(&format!("\n  {}", "? ".repeat(depth)))),
        case("deep.json", template(&brackets)),
        case("objects.json", template(&deep("{\"a\":", "}"))),
        case("deep.tf", format!("resource \"aws_s3_bucket\" \"d\" {{\n  acl = {brackets}\n}}\n")),
        case("parentheses.tf", format!("locals {{\n  a = {}1{}\n}}\n", "(".repeat(depth), ")".repeat(depth))),
        case(
            "blocks.tf",
            format!("resource \"aws_s3_bucket\" \"e\" {{\n{}{}\n}}\n", "a {\n".repeat(depth), "}\n".repeat(depth)),
        ),
        case("templates.tf", format!("locals {{\n  b = \"{}{}\"\n}}\n", "${\"".repeat(depth), "\"}".repeat(depth))),
        case("calls.tf", format!("locals {{\n  d = {}1{}\n}}\n", "abs(".repeat(depth), ")".repeat(depth))),
        harmless("minus.tf", format!("locals {{\n  c = {}1\n}}\n", "-".repeat(depth))),
        harmless(
            "directives.tf",
            format!("locals {{\n  e = \"{}{}\"\n}}\n", "%{ if true }".repeat(depth), "%{ endif }".repeat(depth)),
        ),
        harmless(
            "string.tf",
            format!("resource \"aws_iam_policy\" \"f\" {{\n  policy = \"{{\\\"Statement\\\": {brackets}}}\"\n}}\n"),
        ),
        case("deep.tfvars", format!("a = {brackets}\n")),
        case("deep.tfvars.json", format!("{{\"a\": {brackets}}}")),
        harmless("deep/Dockerfile", format!("FROM {}alpine\nRUN {}\n", "${A:-".repeat(depth), brackets)),
        harmless("onbuild/Dockerfile", format!("FROM alpine:3.22\n{}RUN true\n", "ONBUILD ".repeat(depth))),
        case("deep/Cargo.lock", format!("version = 4\n[[package]]\nname = {brackets}\n")),
        case("deep/Cargo.toml", format!("[dependencies]\na = {}1{}\n", "{b=".repeat(depth), "}".repeat(depth))),
        case("dotted/Cargo.toml", format!("[package]\nname{} = 1\n", ".a".repeat(depth))),
        case("deep/package-lock.json", lockfile(&brackets)),
        case("tree/package-lock.json", lockfile(&deep("{\"node_modules/a\":", "}"))),
        case("deep/pnpm-lock.yaml", format!("lockfileVersion: '9.0'\npackages: {brackets}\n")),
        case("deep/Pipfile.lock", format!("{{\"default\": {brackets}}}")),
        case("deep/composer.lock", format!("{{\"packages\": {brackets}}}")),
        harmless("deep/pom.xml", format!("<project>{}</project>", deep("<a>", "</a>"))),
        harmless("deep/App.csproj", format!("<Project>{}</Project>", deep("<ItemGroup>", "</ItemGroup>"))),
        case("deep/bom.cdx.json", format!("{{\"bomFormat\": \"CycloneDX\", \"components\": {brackets}}}")),
    ]
}

/// Nesting in source code, and scripts within other files.
pub(crate) fn nested_code(depth: usize) -> Vec<Case> {
    let deep = |open: &str, close: &str| open.repeat(depth) + &close.repeat(depth);
    vec![
        harmless("parentheses.py", format!("x = {}\n", deep("(", ")"))),
        harmless("open.py", "[".repeat(depth)),
        harmless("not.py", format!("x = {}1\n", "not ".repeat(depth))),
        harmless("calls.js", format!("x = {};\n", deep("f(", ")"))),
        harmless("arrows.js", format!("x = {}1;\n", "a => ".repeat(depth))),
        harmless("types.ts", format!("let x: {};\n", deep("A<", ">"))),
        harmless("blocks.go", format!("package a\nfunc f() {{ {} }}\n", deep("{", "}"))),
        harmless("Classes.java", format!("class A {{ int a = {}1{}; }}\n", "(".repeat(depth), ")".repeat(depth))),
        harmless("blocks.rs", format!("fn f() {{ {} }}\n", deep("{", "}"))),
        harmless("macros.rs", format!("fn f() {{ m!{} }}\n", deep("(", ")"))),
    ]
}

/// Nesting in scripts that stand within other files.
pub(crate) fn nested_scripts(depth: usize) -> Vec<Case> {
    let step = |name: &str, script: &str| harmless(format!(".github/workflows/{name}.yml"), workflow(script));
    let around = |open: &str, close: &str| format!("'{}true{}'", open.repeat(depth), close.repeat(depth));
    vec![
        step("expression", &format!("echo ${{{{ {}1{} }}}}", "(".repeat(depth), ")".repeat(depth))),
        step("shell", &around("$(", ")")),
        step("groups", &around("( ", " )")),
        step("defaults", &around("${a:-", "}")),
        step("arithmetic", &around("$((", "))")),
        step("conditions", &around("if true; then ", "; fi")),
        step("backticks", &around("`\\", "`")),
    ]
}

/// Files that are named like lockfiles and manifests and hold none.
pub(crate) fn nonsense() -> Vec<Case> {
    const NAMES: &[&str] = &[
        "Cargo.lock",
        "Cargo.toml",
        "package.json",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "pylock.toml",
        "pyproject.toml",
        "Pipfile",
        "Pipfile.lock",
        "composer.json",
        "composer.lock",
        "Gemfile.lock",
        "go.mod",
        "packages.lock.json",
        "packages.config",
        "App.csproj",
        "pom.xml",
        "gradle.lockfile",
    ];
    NAMES
        .iter()
        .map(|name| case(format!("nonsense/{name}"), "}{ <nonsense> = [ ]] : \u{1}\n@@@ !!\n".repeat(3)))
        .collect()
}

/// The project's own lockfiles, cut in the middle.
pub(crate) fn cut() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/packages");
    let read = |name: &str| std::fs::read(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let half = |name: &str| read(name)[..read(name).len() / 2].to_vec();
    let told = [
        "npm/package-lock.json",
        "composer/composer.lock",
        "pipenv/Pipfile.lock",
        "nuget/packages.lock.json",
        "maven/pom.xml",
    ];
    let whole_so_far = ["cargo/Cargo.lock", "yarn-berry/yarn.lock", "yarn-classic/yarn.lock", "pnpm-v9/pnpm-lock.yaml"];
    let told = told.iter().map(|name| case(format!("cut/{name}"), half(name)));
    told.chain(whole_so_far.iter().map(|name| harmless(format!("cut/{name}"), half(name)))).collect()
}

/// A program under the names of other files.
pub(crate) fn renamed() -> Vec<Case> {
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let program: Vec<u8> = b"\x7FELF\x02\x01\x01\0\0\0\0\0".iter().copied().chain(noise.take(50_000)).collect();
    let names = [
        "tool.py",
        "tool.go",
        "tool.tf",
        "tool.tfvars",
        "tool/Dockerfile",
        "tool/compose.yaml",
        "tool/Cargo.lock",
        "tool/package-lock.json",
        "tool/requirements.txt",
        ".github/workflows/tool.yml",
        "tool.template",
        "tool.yaml",
    ];
    names.iter().map(|name| case(*name, program.clone())).collect()
}

/// Links out of a tree, in circles and to devices, and a FIFO; gives those that must be named.
#[cfg(unix)]
pub(crate) fn links(at: &dyn Fn(&str) -> PathBuf, outside: &Path) -> Vec<&'static str> {
    use std::os::unix::fs::symlink;

    std::fs::create_dir_all(at("folder")).expect("a folder");
    std::fs::write(at("folder/keep.txt"), "").expect("a file");
    symlink(at("folder"), at("folder/loop")).expect("a link to the folder that holds it");
    symlink("missing.yaml", at("dangling.yaml")).expect("a link to nothing");
    symlink("turn.yaml", at("turn.yaml")).expect("a link to itself");
    symlink(outside.join("secret.yaml"), at("outside.yaml")).expect("a link out of the tree");
    symlink(outside, at("elsewhere")).expect("a link to a folder out of the tree");
    symlink("/dev/zero", at("zero.yaml")).expect("a link to a device");
    let mut told = vec!["outside.yaml", "elsewhere", "zero.yaml", "turn.yaml", "dangling.yaml"];
    let fifo = std::process::Command::new("mkfifo").arg(at("pipe.yaml")).status();
    if fifo.is_ok_and(|status| status.success()) {
        told.push("pipe.yaml");
    }
    told
}

/// An archive as `docker save` writes it, with hostile layers and one good file.
pub(crate) fn image() -> Vec<u8> {
    use tar::EntryType::{Char, Link, Regular, Symlink};

    let key = format!("aws_access_key_id = AKIA{}\n", "QZ7M2XK5RT3WJ6VN");
    let good = member("app/settings.ini", Regular, "", key.as_bytes());
    let ways_out = [
        member("../../etc/cron.d/x", Regular, "", b"out"),
        member("/etc/absolute", Regular, "", b"in"),
        member("link", Symlink, "/etc", b""),
        member("up", Symlink, "../../..", b""),
        member("hard", Link, "/../etc/shadow", b""),
        member("dev/sda", Char, "", b""),
    ];
    let mut bomb = tar::Header::new_gnu();
    bomb.set_path("bomb").expect("a short name");
    bomb.set_size(1 << 40);
    bomb.set_cksum();
    let bomb = [packed(bomb.as_bytes()), packed(&vec![0; 1 << 20]).repeat(256)].concat();
    let torn = packed(&member("torn", Regular, "", &key.as_bytes().repeat(200)));
    let layers: [(&str, &[u8]); 5] = [
        ("good.tar", &[good, ways_out.concat()].concat()),
        ("bomb.tar", &bomb),
        ("torn.tar", torn.get(..torn.len() / 2).unwrap_or_default()),
        ("nonsense.tar", b"this is no layer, but a text that is longer than nothing"),
        ("../../../etc/passwd", b""),
    ];
    let names: Vec<_> = layers.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let manifest = format!("[{{\"Config\": \"config.json\", \"Layers\": [{}, \"missing.tar\"]}}]", names.join(", "));
    let config = b"{\"os\": \"linux\", \"config\": {\"User\": \"app\"}}";
    let all = layers.iter().copied().filter(|(_, bytes)| !bytes.is_empty());
    let all = all.chain([("config.json", &config[..]), ("manifest.json", manifest.as_bytes())]);
    all.flat_map(|(name, bytes)| member(name, Regular, "", bytes)).chain([0; 1024]).collect()
}

/// What must be said of [`image`].
pub(crate) const IMAGE_SAYS: &[&str] = &[
    "its name leads out of the image",
    "it is a hard link to nothing in the image",
    "it is a device or something else special",
    "layer 2 (bomb.tar): it unpacks to more than",
    "layer 3 (torn.tar): it breaks off",
    "layer 4 (nonsense.tar): it breaks off",
    "layer 5 (../../../etc/passwd): it cannot be read",
    "layer 6 (missing.tar): it cannot be read",
];

/// A member of a tar archive under any name: the writer of the `tar` crate refuses some of them.
fn member(name: &str, kind: tar::EntryType, link: &str, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(content.len() as u64);
    header.set_cksum();
    let padding = content.len().next_multiple_of(512) - content.len();
    [header.as_bytes().as_slice(), content, &vec![0; padding]].concat()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}
