//! What only this back end can be asked: the file, its lock, its one writer, sudden deaths.

mod durability;
mod opening;
mod sealing;
mod secrecy;
mod writing;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command as Process, Stdio};

use async_trait::async_trait;
use keyholder_core::ports::{Command, Queries as _, SingleUse, StoreError, Transaction};
use keyholder_core::time::Timestamp;

use crate::store::tests::sealer;
use crate::{OpenError, SqlStore, SqliteOptions};

/// Names the database of a test's other process.
const CHILD: &str = "KEYHOLDER_TEST_DATABASE";

/// Sets one mark.
struct Mark(u64);

#[async_trait]
impl Command for Mark {
    type Output = bool;
    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        transaction.use_once(SingleUse::ClientAssertion, &self.0.to_be_bytes(), Timestamp::from_seconds(1)).await
    }
}

async fn is_marked(store: &SqlStore, number: u64) -> bool {
    store.is_used(SingleUse::ClientAssertion, &number.to_be_bytes()).await.unwrap()
}

async fn open(path: &Path) -> Result<SqlStore, OpenError> {
    SqlStore::open(&SqliteOptions::server(path), sealer()).await
}

/// Runs one test of this binary, an ignored one, in another process, on a database.
fn spawn(test: &str, database: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env(CHILD, database)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    (child, output)
}

/// The database that this process was started for.
fn of_parent() -> Option<std::path::PathBuf> {
    std::env::var_os(CHILD).map(Into::into)
}

/// Reads the other process's words until a line begins so; `None` at their end.
fn read_until(output: &mut BufReader<ChildStdout>, start: &str) -> Option<String> {
    let mut line = String::new();
    while output.read_line(&mut line).unwrap() > 0 {
        // The test harness writes to the same place, without ending its line.
        if let Some(at) = line.find(start) {
            return Some(line[at + start.len()..].trim().to_owned());
        }
        line.clear();
    }
    None
}
