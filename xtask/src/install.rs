//! Installs what is missing, and says what. Names packages only; where they come from is the machine's own setting.

use std::path::Path;
use std::process::Command;

use crate::run::{Failure, run};

/// Something that must be on the machine, and the Debian packages that bring it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    /// A program's name, or an absolute path.
    pub what: &'static str,
    pub packages: &'static [&'static str],
}

/// Reads the typeface's npm package and runs the browser tests.
pub(crate) const NODE: Need = Need { what: "npm", packages: &["nodejs", "npm"] };
/// Makes the self-signed certificate.
pub(crate) const OPENSSL: Need = Need { what: "openssl", packages: &["openssl"] };
/// The browser of the tests.
pub(crate) const CHROMIUM: Need = Need { what: "chromium", packages: &["chromium"] };
/// A relying party of the tests.
pub(crate) const APACHE: Need = Need { what: "/usr/sbin/apache2", packages: &["apache2"] };
/// The module that makes it one.
pub(crate) const MOD_AUTH_OPENIDC: Need =
    Need { what: "/usr/lib/apache2/modules/mod_auth_openidc.so", packages: &["libapache2-mod-auth-openidc"] };
/// The module that makes it one over SAML.
pub(crate) const MOD_AUTH_MELLON: Need =
    Need { what: "/usr/lib/apache2/modules/mod_auth_mellon.so", packages: &["libapache2-mod-auth-mellon"] };
/// Another, and its daemon.
pub(crate) const MOD_SHIB: Need =
    Need { what: "/usr/lib/apache2/modules/mod_shib.so", packages: &["libapache2-mod-shib", "shibboleth-sp-utils"] };
/// Shows codes that the soft key must accept.
pub(crate) const OATHTOOL: Need = Need { what: "oathtool", packages: &["oathtool"] };
/// Runs Authlib.
pub(crate) const PYTHON: Need = Need { what: "python3", packages: &["python3", "python3-venv"] };
/// What the tests of SAML ask: `xmlsec1` and `xmllint`, and the OASIS schemas.
pub(crate) const SAML: [Need; 4] = [
    Need { what: "xmlsec1", packages: &["xmlsec1"] },
    Need { what: "xmllint", packages: &["libxml2-utils"] },
    Need { what: "/usr/share/xml/opensaml/saml-schema-protocol-2.0.xsd", packages: &["opensaml-schemas"] },
    Need { what: "/usr/share/xml/xmltooling/xmldsig-core-schema.xsd", packages: &["xmltooling-schemas"] },
];
/// What samael is built with: an oracle of the tests, and the service provider in the example application.
pub(crate) const SAMAEL: [Need; 6] = [
    Need { what: "pkg-config", packages: &["pkg-config"] },
    Need { what: "/usr/include/xmlsec1/xmlsec/xmlsec.h", packages: &["libxmlsec1-dev"] },
    Need { what: "/usr/include/libxml2/libxml/tree.h", packages: &["libxml2-dev"] },
    Need { what: "/usr/include/libxslt/xslt.h", packages: &["libxslt1-dev"] },
    Need { what: "/usr/include/openssl/ssl.h", packages: &["libssl-dev"] },
    // Its library stands under the name of its version.
    Need { what: "/var/lib/dpkg/info/libclang-dev.list", packages: &["libclang-dev"] },
];

/// Sees to it that everything needed is there.
pub(crate) fn system(needs: &[Need]) -> Result<(), Failure> {
    let missing: Vec<&str> =
        needs.iter().filter(|need| !is_there(need.what)).flat_map(|need| need.packages.iter().copied()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("apt-get install {}", missing.join(" "));
    let Some(prefix) = privilege() else {
        return Err(Failure::Told(format!("these system packages are missing; have them installed: {by_hand}")));
    };
    println!("installing system packages: {}", missing.join(" "));
    run(apt(prefix).arg("update").arg("-qq"))?;
    run(apt(prefix).args(["install", "-y", "-qq", "--no-install-recommends"]).args(&missing))
}

/// Sees to it that `cargo-deny` is there.
pub(crate) fn cargo_deny() -> Result<(), Failure> {
    if is_there("cargo-deny") {
        return Ok(());
    }
    println!("installing cargo-deny");
    run(crate::run::cargo().args(["install", "--locked", "--quiet", "cargo-deny"]))
}

/// Installs what a folder's `package-lock.json` lists, unless it is installed already.
pub(crate) fn npm(folder: &Path) -> Result<(), Failure> {
    let read = |path: &str| std::fs::read(folder.join(path)).ok();
    if read("package-lock.json").is_some_and(|lock| read("node_modules/.installed") == Some(lock)) {
        return Ok(());
    }
    println!("installing npm packages: {}", folder.strip_prefix(crate::root()).unwrap_or(folder).display());
    run(Command::new("npm")
        .args(["ci", "--no-fund", "--no-audit", "--ignore-scripts", "--loglevel=error"])
        .current_dir(folder))?;
    let mark = folder.join("node_modules/.installed");
    std::fs::copy(folder.join("package-lock.json"), &mark)
        .map(drop)
        .map_err(|source| Failure::File { path: mark, source })
}

/// Whether a program is found, or a file exists.
pub(crate) fn is_there(what: &str) -> bool {
    if what.starts_with('/') {
        return Path::new(what).exists();
    }
    let home = std::env::var_os("CARGO_HOME").map(|home| Path::new(&home).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(home).any(|folder| folder.join(what).is_file())
}

/// What to put before `apt-get`; `None` where nothing may be installed.
fn privilege() -> Option<&'static [&'static str]> {
    let quiet = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())
    };
    if !is_there("apt-get") {
        return None;
    }
    if quiet("id", &["-u"]).is_some_and(|output| output.stdout.trim_ascii() == b"0") {
        return Some(&[]);
    }
    quiet("sudo", &["-n", "true"]).map(|_| ["sudo", "-n"].as_slice())
}

fn apt(prefix: &[&str]) -> Command {
    let mut words = prefix.iter().chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    let mut command = Command::new(words.next().copied().unwrap_or("env"));
    command.args(words);
    command
}
