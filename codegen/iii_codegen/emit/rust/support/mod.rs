//! What the generated services stand on: the contract at both ends of a call, on the official crate `iii-sdk`.

#![allow(unused_imports)]

mod check;
mod client;
mod codec;
mod context;
mod corrections;
mod defaults;
mod error;
mod handler;
mod http;
mod method;
mod percent;
mod registration;
mod responses;
mod scalars;
mod serve;
mod status_line;
mod stream;
mod stream_client;
mod stream_serve;
mod transcode;

pub use client::{Call, Caller, Receipt};
pub use codec::{decode, encode};
pub use context::{Binding, Context};
pub use error::{Code, Error, Side, Status, Violation};
pub use handler::{handler, Body};
pub use method::{
    Defaults, Delivery, Enums, Int64, Method, Names, Profile, UnknownEnumNames, UnknownMembers,
};
pub use responses::Responses;
pub use serve::{Registrar, ServeOptions, Served};
pub use stream::{Requests, Sender};
pub use stream_client::{
    BidiStream, ClientStream, RequestSender, ServerStream, StreamCall, Upload,
};
pub use stream_serve::{bidi_stream, client_stream, server_stream};

/// JSON, as the crate exchanges it.
pub use serde_json::Value as Json;
