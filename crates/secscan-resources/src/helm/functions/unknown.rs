//! What nobody can know before an installation: stand-ins that are marked as such.

use secscan_parse::gotemplate::Value;

use super::Called;
use super::arguments::Arguments;

/// Calls a function.
pub(super) fn call(name: &str, given: Arguments<'_>) -> Called {
    const RANDOM: &str = "it is made at random on each installation";
    const SALT: &str = "its salt is made at random on each installation";
    const CERTIFICATE: &str = "it belongs to a certificate that is made on each installation";
    let text = |stand_in: &str, why: &str| Ok(Value::unknown(stand_in, why));
    let result = match name {
        "randAlphaNum" | "randAlpha" | "randNumeric" | "randAscii" | "randBytes" | "shuffle" | "encryptAES"
        | "decryptAES" | "derivePassword" => {
            let length = if name.starts_with("rand") { given.count(0).unwrap_or(10).min(100) } else { 10 };
            let stand_in = if name == "randNumeric" { "0" } else { "x" };
            text(&stand_in.repeat(length), RANDOM)
        }
        "uuidv4" => text("00000000-0000-4000-8000-000000000000", RANDOM),
        "randInt" => Ok(Value { origin: secscan_parse::gotemplate::Origin::unknown(RANDOM), ..given.value(0) }),
        "bcrypt" => text("hash", SALT),
        "htpasswd" => given.text(0).map(|user| Value::unknown(&format!("{user}:hash"), SALT)),
        "genPrivateKey"
        | "buildCustomCert"
        | "genCA"
        | "genCAWithKey"
        | "genSelfSignedCert"
        | "genSelfSignedCertWithKey"
        | "genSignedCert"
        | "genSignedCertWithKey" => {
            let part = || Value::unknown("certificate", CERTIFICATE);
            Ok(if name == "genPrivateKey" { part() } else { Value::map([("Cert", part()), ("Key", part())]) })
        }
        "getHostByName" => text("192.0.2.1", "it depends on the network"),
        _ => return None,
    };
    Some(result)
}
