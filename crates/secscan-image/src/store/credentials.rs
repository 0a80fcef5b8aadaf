//! Credentials for a registry, as Docker's configuration has them: in `config.json`, or from a helper program.

use std::fs::File;
use std::path::PathBuf;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::secrets::RegistryAuth;

/// What Docker calls its own registry in its configuration.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The credentials for a host; anonymous where nothing is configured.
///
/// # Errors
/// A configuration or helper that does not work, in words: going on without would end in a refusal that hides why.
pub(crate) fn of(host: &str) -> Result<RegistryAuth, String> {
    let Some(path) = config_file() else { return Ok(RegistryAuth::Anonymous) };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(RegistryAuth::Anonymous),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    let server = if matches!(host, "index.docker.io" | "docker.io") { DOCKER_HUB } else { host };
    match docker_credential::get_credential_from_reader(file, server) {
        Ok(DockerCredential::UsernamePassword(name, password)) => Ok(RegistryAuth::Basic(name, password)),
        Ok(DockerCredential::IdentityToken(_)) => Err(format!(
            "{} has an identity token for {host}, which is not supported: log in with a user name and an access token",
            path.display()
        )),
        Err(CredentialRetrievalError::NoCredentialConfigured | CredentialRetrievalError::ConfigNotFound) => {
            Ok(RegistryAuth::Anonymous)
        }
        // What a helper prints may hold secrets.
        Err(CredentialRetrievalError::HelperFailure { helper, stdout, .. }) => {
            // The helpers of Docker say this of a host that they have nothing for.
            if stdout.contains("credentials not found") {
                return Ok(RegistryAuth::Anonymous);
            }
            Err(format!("the credential helper `docker-credential-{helper}` failed for {host}"))
        }
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn config_file() -> Option<PathBuf> {
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| std::env::home_dir().map(|home| home.join(".docker")));
    folder.map(|folder| folder.join("config.json"))
}
