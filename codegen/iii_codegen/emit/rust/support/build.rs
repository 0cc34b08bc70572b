//! For the build script of the crate, which is two lines:
//!
//! ```ignore
//! #[path = "src/contracts/build.rs"]
//! mod contracts;
//!
//! fn main() {
//!     contracts::compile(&["proto"]);
//! }
//! ```

use std::error::Error;
use std::path::{Path, PathBuf};

use protox::file::{
    ChainFileResolver, DescriptorSetFileResolver, GoogleFileResolver, IncludeFileResolver,
};
use protox::Compiler;

/// Compiles the contracts below the directories, which are searched in order, into `OUT_DIR`.
pub fn compile(proto: &[&str]) {
    if let Err(error) = try_compile(proto) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn try_compile(proto: &[&str]) -> Result<(), Box<dyn Error>> {
    let out = Path::new(&std::env::var("OUT_DIR")?).join("iii_contracts");
    std::fs::create_dir_all(&out)?;
    let mut resolver = ChainFileResolver::new();
    for directory in proto {
        println!("cargo:rerun-if-changed={directory}");
        resolver.add(IncludeFileResolver::new(PathBuf::from(directory)));
    }
    resolver.add(DescriptorSetFileResolver::decode(LIBRARIES)?);
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(FILES)?;
    prost_build::Config::new()
        .enable_type_names()
        .btree_map(["."])
        .out_dir(&out)
        .compile_fds(compiler.file_descriptor_set())?;
    compiler.include_source_info(false);
    std::fs::write(
        out.join("descriptors.bin"),
        compiler.encode_file_descriptor_set(),
    )?;
    Ok(())
}
