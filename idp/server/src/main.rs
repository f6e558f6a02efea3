//! The binary `keyholder`.

/// A request makes hundreds of small pieces, and SQLite frees its pages after each commit: glibc's allocator spends a tenth of the CPU
/// time of a sign-in on them. It serves the libraries in C as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    keyholder::cli::main()
}
