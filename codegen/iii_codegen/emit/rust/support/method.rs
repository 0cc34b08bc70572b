//! What is known of a method when the program is built.

/// How fields are spelled in JSON that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    Json,
    Proto,
}

/// How 64-bit integers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Int64 {
    String,
    Number,
}

/// How values of enums are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enums {
    Name,
    Number,
}

/// Whether members with default values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defaults {
    Emit,
    Omit,
}

/// How messages are written as JSON; every legal spelling is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    pub names: Names,
    pub int64: Int64,
    pub enums: Enums,
    pub defaults: Defaults,
}

/// What happens to members the contract does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownMembers {
    Ignore,
    Warn,
    Reject,
}

/// What happens to a value of an enum whose name the contract does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownEnumNames {
    Reject,
    Ignore,
}

/// How a call is delivered when its caller does not choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Sync,
    Void,
    Enqueue,
}

/// One method of a service.
#[derive(Debug)]
pub struct Method {
    /// `shop.orders.v1.OrdersService/Place`.
    pub full_name: &'static str,
    pub function_id: &'static str,
    /// Full names of the messages.
    pub request: &'static str,
    pub response: &'static str,
    /// The namespace the function is called in; none is the connection's.
    pub namespace: Option<&'static str>,
    /// How long a caller waits that names no time of its own.
    pub timeout_ms: Option<u64>,
    pub delivery: Delivery,
    pub queue: Option<&'static str>,
    pub json: Profile,
    pub unknown_members: UnknownMembers,
    pub unknown_enum_names: UnknownEnumNames,
    /// Whether a delivery by a queue that violates the contract is acknowledged and logged.
    pub acknowledges_violations: bool,
    /// Full names of messages with the fields that have to be present in their JSON.
    pub required: &'static [(&'static str, &'static [&'static str])],
}

impl Method {
    /// The required fields of a message, as the contract names them.
    pub(super) fn required_of(&self, message: &str) -> &'static [&'static str] {
        let found = self.required.iter().find(|(name, _)| *name == message);
        found.map_or(&[], |(_, fields)| fields)
    }
}
