//! Memory and CPU of this process, as Linux tells them in `/proc/self` (proc(5)); nothing where there is no such thing.

use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

/// Ticks a second in `/proc/self/stat`: 100 on every architecture that Linux has for servers (`USER_HZ`).
const TICKS: f64 = 100.0;

pub(super) fn register(registry: &mut Registry) {
    if let Some(bytes) = resident_bytes() {
        registry.register_with_unit(
            "process_resident_memory",
            "Memory that this process has in RAM",
            Unit::Bytes,
            ConstGauge::new(bytes),
        );
    }
    if let Some(seconds) = cpu_seconds() {
        registry.register_with_unit(
            "process_cpu",
            "CPU time of this process, user and system",
            Unit::Seconds,
            ConstCounter::new(seconds),
        );
    }
}

fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold spaces; fields 14 and 15 come after it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some((f64::from(user) + f64::from(system)) / TICKS)
}
