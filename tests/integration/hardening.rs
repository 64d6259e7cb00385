//! How the hook library was compiled and linked.

use crate::peers::process;
use crate::peers::product::{build_beside, library};
use std::fs;
use std::path::{Path, PathBuf};

fn readelf(arguments: &[&str], library: &Path) -> String {
    process::run_well(process::command("readelf").args(arguments).arg(library))
}

/// What the loader opens: the build with the C++ in it, where cargo or an installation has it.
fn build() -> PathBuf {
    build_beside(library()).unwrap_or_else(|| {
        let folder = library().with_file_name("offhook");
        let builds = fs::read_dir(&folder).expect("the folder of builds").flatten();
        let mut paths = builds.map(|entry| entry.path());
        paths.find(|path| path.extension().is_some_and(|ending| ending == "so")).expect("a build")
    })
}

#[test]
fn the_library_is_built_to_resist() {
    let library = &build();
    let switches = readelf(&["-p", ".GCC.command.line"], library);
    assert!(switches.contains("-fstack-protector-strong"), "{switches}");
    let symbols = readelf(&["-W", "--dyn-syms"], library);
    for (wanted, what) in
        [("__stack_chk_fail", "stack protection"), ("__glibcxx_assert_fail", "_GLIBCXX_ASSERTIONS")]
    {
        assert!(symbols.contains(wanted), "expected {what} to be in use");
    }
    let segments = readelf(&["-lW"], library);
    let stack = segments.lines().find(|line| line.contains("GNU_STACK")).expect("a GNU_STACK");
    assert!(stack.contains("RW ") && !stack.contains("RWE"), "{stack}");
    assert!(segments.contains("GNU_RELRO"), "{segments}");
    assert!(readelf(&["-dW"], library).contains("BIND_NOW"), "expected no lazy binding");
}
