"""Contracts shown in texts as files the generator takes."""

from __future__ import annotations

from pathlib import Path

from tests.docs.pages import Block

_HEAD = """syntax = "proto3";
package docs.snippet.v1;
import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "google/protobuf/empty.proto";
import "iii_bridge/v1/contract.proto";
import "iii_bridge/v1/events.proto";
message PlaceRequest {
  string sku = 1;
  int64 quantity = 2;
  Receipt receipt = 3;
}
message Receipt {
  string order_id = 1;
}
service SnippetService {
"""


def write_contract(folder: Path, block: Block, package: str | None = None) -> None:
    """Writes the file where its package belongs, below the folder; `package` replaces the one in the text.

    Methods alone are put into a service.
    """
    text = block.text if "syntax =" in block.text else f"{_HEAD}{block.text}}}\n"
    shown = text.split("\npackage ", 1)[1].split(";", 1)[0]
    package = package or shown
    path = folder / package.replace(".", "/") / "snippet.proto"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(f"\npackage {shown};", f"\npackage {package};"))
