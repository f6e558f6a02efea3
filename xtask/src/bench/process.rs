//! What a process costs, read from `/proc` (proc(5)).

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

/// `CLK_TCK`: user space sees 100 ticks a second on every Linux that we run on.
const TICK: Duration = Duration::from_millis(10);

/// One line `/proc/PID/stat`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stat {
    name: String,
    parent: u32,
    /// User and system time.
    cpu: Duration,
}

/// CPU time of a process with all its children, user and system.
pub(super) fn cpu_of_tree(root: u32) -> Duration {
    let all: HashMap<u32, Stat> = processes().collect();
    let belongs = |pid: u32| {
        // No line of descent is longer than there are processes.
        std::iter::successors(Some(pid), |pid| all.get(pid).map(|stat| stat.parent)).take(all.len()).any(|p| p == root)
    };
    all.iter().filter(|(pid, _)| belongs(**pid)).map(|(_, stat)| stat.cpu).sum()
}

/// CPU time of those threads of a process whose name begins so, to the nanosecond.
pub(super) fn cpu_of_threads(pid: u32, name: &str) -> Duration {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Duration::ZERO };
    tasks
        .flatten()
        .filter(|task| fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim_end().starts_with(name)))
        .filter_map(|task| parse_schedstat(&fs::read_to_string(task.path().join("schedstat")).ok()?))
        .sum()
}

/// Resident memory in KiB.
pub(super) fn resident_kib(pid: u32) -> Option<u64> {
    parse_kib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

/// Of that, what is not a page of a file: the process has it for itself.
pub(super) fn own_kib(pid: u32) -> Option<u64> {
    parse_kib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "RssAnon:")
}

fn processes() -> impl Iterator<Item = (u32, Stat)> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some((pid, parse_stat(&fs::read_to_string(entry.path().join("stat")).ok()?)?))
    })
}

/// The name stands in brackets and may itself have brackets and spaces.
fn parse_stat(line: &str) -> Option<Stat> {
    let (_, rest) = line.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    // What follows begins with the third field, the state.
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
    Some(Stat { name: name.to_owned(), parent: number(4)?, cpu: TICK * (number(14)?.checked_add(number(15)?)?) })
}

/// The first number is the time on a processor in nanoseconds.
fn parse_schedstat(line: &str) -> Option<Duration> {
    line.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn parse_kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const LINE: &str = "4711 (password-0) S 4242 4711 4711 0 -1 4194560 900 0 0 0 125 75 30 40 20 0 4 0 100 1 2 3";

    #[test]
    fn cpu_time_is_user_and_system_time_of_the_process_itself() {
        let stat = parse_stat(LINE).unwrap();
        assert_eq!(stat, Stat { name: "password-0".into(), parent: 4242, cpu: Duration::from_secs(2) });
    }

    #[test]
    fn a_name_with_brackets_and_spaces_moves_no_field() {
        let stat = parse_stat(&LINE.replace("password-0", "a) R 1 (b")).unwrap();
        assert_eq!((stat.name.as_str(), stat.parent, stat.cpu), ("a) R 1 (b", 4242, Duration::from_secs(2)));
    }

    #[test]
    fn half_a_line_is_no_measurement() {
        assert_eq!(parse_stat("4711 (keyholder) S 4242 4711"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn other_lines_of_the_status_are_not_resident_memory() {
        assert_eq!(parse_kib("VmHWM:\t   99 kB\nVmRSS:\t   24576 kB\nRssAnon:\t 1 kB\n", "VmRSS:"), Some(24_576));
        assert_eq!(parse_kib("Name:\tkthreadd\n", "VmRSS:"), None);
    }

    #[test]
    fn time_on_a_processor_is_the_first_number() {
        assert_eq!(parse_schedstat("1500000 20 3\n"), Some(Duration::from_micros(1500)));
    }

    #[test]
    fn our_own_process_is_found() {
        let us = std::process::id();
        assert!(resident_kib(us).unwrap() > 0);
        assert!(processes().any(|(pid, _)| pid == us));
    }
}
