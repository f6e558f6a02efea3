//! Builds again when a file of the default theme comes, goes or changes: its files are embedded.

fn main() {
    println!("cargo::rerun-if-changed=../../themes/default");
}
