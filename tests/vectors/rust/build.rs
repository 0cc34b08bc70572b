//! Messages of the vectors' contracts by prost, and their descriptors for prost-reflect; protoc is not needed.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use protox::prost::Message;

const PROTO: &str = "../proto";
const FILES: [&str; 3] = ["kinds", "names", "well_known"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PROTO}");
    let files = FILES.map(|name| format!("vectors/v1/{name}.proto"));
    let descriptors = protox::compile(files, [PROTO])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
