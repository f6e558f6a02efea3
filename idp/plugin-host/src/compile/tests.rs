//! The child's end, told. That its limits hold is tested with the real program (`keyholder`, tests of plugins).

use super::*;

/// A shell as the child: it gets no limits, and does what its first argument says.
fn told(script: &str, wasm: &[u8]) -> Result<Vec<u8>, CompileError> {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("child");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&program, mode).unwrap();
    Compiler::program(program).compile(wasm)
}

#[test]
fn what_the_child_writes_is_the_artefact() {
    let wasm = vec![7; 1 << 20];
    assert_eq!(told("exec cat", &wasm).unwrap(), wasm);
}

#[test]
fn a_child_that_reads_nothing_blocks_nobody() {
    assert_eq!(told("echo -n artefact", &vec![7; 1 << 20]).unwrap(), b"artefact");
}

#[test]
fn the_end_of_a_child_is_told_by_its_cause() {
    let refused = told("cat > /dev/null; echo 'no component' >&2; exit 3", b"x");
    assert!(matches!(refused, Err(CompileError::Refused(why)) if why == "no component"));
    assert!(matches!(told("kill -XCPU $$", b"x"), Err(CompileError::Time(60))));
    let memory = told("echo 'memory allocation of 80 bytes failed' >&2; kill -ABRT $$", b"x");
    assert!(matches!(memory, Err(CompileError::Memory(1024))));
    assert!(matches!(told("kill -SEGV $$", b"x"), Err(CompileError::Crashed(_))));
    assert!(matches!(told("exit 1", b"x"), Err(CompileError::Crashed(_))));
    let missing = Compiler::program(PathBuf::from("/nonexistent")).compile(b"x");
    assert!(matches!(missing, Err(CompileError::Start(_))));
}

#[test]
fn a_child_gets_no_environment_of_the_server() {
    let environment = told("exec env", b"x").unwrap();
    let environment = String::from_utf8(environment).unwrap();
    // What the shell itself adds is no secret.
    let foreign: Vec<&str> = environment
        .lines()
        .filter(|line| {
            !["RAYON_NUM_THREADS=", "MALLOC_ARENA_MAX=", "PWD=", "OLDPWD=", "SHLVL=", "_="]
                .iter()
                .any(|known| line.starts_with(known))
        })
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}
