//! A folder in place of a mail server: each mail is one `.eml` file that every mail program opens.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{Letter, MailerError, SendError};

#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    print_links: bool,
}

impl Folder {
    pub(super) fn create(path: PathBuf, print_links: bool) -> Result<Self, MailerError> {
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(Self { path, print_links }),
            Err(source) => Err(MailerError::Folder { path, source }),
        }
    }

    /// Whether the folder can be written.
    pub(super) fn probe(&self) -> Result<String, SendError> {
        let probe = self.path.join(format!(".probe-{}", std::process::id()));
        let written = File::create(&probe).and_then(|_| fs::remove_file(&probe));
        written.map_err(|error| SendError::Temporary(Box::new(error)))?;
        Ok(format!("the folder {} can be written", self.path.display()))
    }

    /// Writes the file. Its name is that of the outbox row: sorted by time, and the same if it is delivered again.
    pub(super) async fn keep(&self, letter: &Letter<'_>, bytes: Vec<u8>) -> Result<(), SendError> {
        let (folder, name) = (self.path.clone(), format!("{}.eml", letter.id));
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await;
        written.map_err(io::Error::other).flatten().map_err(|error| SendError::Temporary(Box::new(error)))?;
        if let Some(link) = letter.link.filter(|_| self.print_links) {
            tracing::info!(to = letter.address, link, "a mail with this link was put into the folder");
        }
        Ok(())
    }
}

/// All or nothing: under another name first, then renamed, both durable.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let partial = folder.join(format!(".{name}.partial"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, folder.join(name))?;
    // On Windows a folder cannot be opened; the rename is durable with the journal there.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}
