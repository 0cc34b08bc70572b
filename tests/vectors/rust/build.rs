#[path = "src/contracts/build.rs"]
mod contracts;

fn main() {
    contracts::compile(&["../proto"]);
}
