//! The binary `keyholder`.

fn main() -> std::process::ExitCode {
    keyholder::cli::main()
}
