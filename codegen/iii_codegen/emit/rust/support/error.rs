//! Everything a call can end with besides a value, and the canonical statuses.

use std::fmt;

use serde_json::Value;

/// The canonical codes of google.rpc, without OK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

/// Each code with its name and the HTTP status it is answered with.
const CODES: [(Code, &str, u16); 16] = [
    (Code::Cancelled, "CANCELLED", 499),
    (Code::Unknown, "UNKNOWN", 500),
    (Code::InvalidArgument, "INVALID_ARGUMENT", 400),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", 504),
    (Code::NotFound, "NOT_FOUND", 404),
    (Code::AlreadyExists, "ALREADY_EXISTS", 409),
    (Code::PermissionDenied, "PERMISSION_DENIED", 403),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED", 429),
    (Code::FailedPrecondition, "FAILED_PRECONDITION", 400),
    (Code::Aborted, "ABORTED", 409),
    (Code::OutOfRange, "OUT_OF_RANGE", 400),
    (Code::Unimplemented, "UNIMPLEMENTED", 501),
    (Code::Internal, "INTERNAL", 500),
    (Code::Unavailable, "UNAVAILABLE", 503),
    (Code::DataLoss, "DATA_LOSS", 500),
    (Code::Unauthenticated, "UNAUTHENTICATED", 401),
];

/// The codes of iii's own errors as canonical ones.
const OF_FRAMES: [(&str, Code); 24] = [
    ("function_not_found", Code::Unimplemented),
    ("function_not_invokable", Code::Unimplemented),
    ("FORBIDDEN", Code::PermissionDenied),
    ("AUTH_ERROR", Code::Unauthenticated),
    ("INVALID_ARGUMENTS", Code::InvalidArgument),
    ("INVALID_NAMESPACE", Code::InvalidArgument),
    ("JSON_ERROR", Code::InvalidArgument),
    ("deserialization_error", Code::InvalidArgument),
    ("invalid_request", Code::InvalidArgument),
    ("contract_violation", Code::InvalidArgument),
    ("serialization_error", Code::Internal),
    ("TIMEOUT", Code::DeadlineExceeded),
    ("invocation_stopped", Code::Unavailable),
    ("invocation_error", Code::Unavailable),
    ("enqueue_error", Code::Unavailable),
    ("channel_send_failed", Code::Unavailable),
    ("http_request_failed", Code::Unavailable),
    ("bridge_error", Code::Unavailable),
    ("SHUTDOWN", Code::Unavailable),
    ("VALUE_TOO_LARGE", Code::ResourceExhausted),
    ("payload_too_large", Code::ResourceExhausted),
    ("WORKER_NAMESPACE_CONFLICT", Code::FailedPrecondition),
    ("FUNCTION_NAMESPACE_CONFLICT", Code::FailedPrecondition),
    ("invocation_failed", Code::Unknown),
];

impl Code {
    /// `NOT_FOUND`.
    pub fn name(self) -> &'static str {
        CODES[self as usize].1
    }

    /// The status an http trigger answers with.
    pub fn http_status(self) -> u16 {
        CODES[self as usize].2
    }

    /// The code of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        CODES
            .iter()
            .find(|known| known.1 == name)
            .map(|known| known.0)
    }

    /// The code closest to the code of a frame.
    pub fn of_frame(code: &str) -> Self {
        let known = OF_FRAMES.iter().find(|known| known.0 == code);
        known.map_or_else(
            || Self::from_name(code).unwrap_or(Self::Unknown),
            |known| known.1,
        )
    }
}

/// A canonical status, which a handler chooses and its caller is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    pub code: Code,
    pub message: String,
    /// JSON objects, with an `@type` where they are messages in their JSON form.
    pub details: Vec<Value>,
}

impl Status {
    /// A status without details.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code,
            message,
            details: Vec::new(),
        }
    }

    /// The same with one detail more, which must be a JSON object.
    #[must_use]
    pub fn with_detail(mut self, detail: Value) -> Self {
        self.details.push(detail);
        self
    }
}

/// Which half of a call does not fit its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Request,
    Response,
    Config,
}

impl Side {
    /// `request`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Config => "config",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Request, Self::Response, Self::Config];
        all.into_iter().find(|side| side.name() == name)
    }
}

/// Data that does not fit its contract, where, and why; never what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub function_id: String,
    pub side: Side,
    /// The place in the JSON: `$.items[2].quantity`.
    pub path: String,
    pub problem: String,
}

impl Violation {
    pub fn code(&self) -> Code {
        match self.side {
            Side::Request => Code::InvalidArgument,
            Side::Response | Side::Config => Code::Internal,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, side) = (&self.function_id, self.side.name());
        let (problem, path) = (&self.problem, &self.path);
        write!(
            formatter,
            "{id} {side} does not fit its contract: {problem} at {path}"
        )
    }
}

/// What a call, or serving, ends with besides a value.
#[derive(Clone, Debug)]
pub enum Error {
    /// A status that a handler chose.
    Status(Status),
    /// Data that does not fit the contract.
    Violation(Violation),
    /// The engine or the other worker said no, without a status.
    Remote {
        function_id: String,
        code: String,
        message: String,
        stacktrace: Option<String>,
    },
    /// No answer came in time; `sent` says whether the function may have run.
    Timeout { function_id: String, sent: bool },
    /// A stream ended with fewer messages than its sender says it sent, or without saying it.
    Truncated {
        function_id: String,
        expected: Option<u64>,
        received: u64,
    },
    /// The engine refused a registration, or somebody else owns the function.
    Rejected {
        function_id: String,
        problem: String,
    },
    /// Anything else the crate reports.
    Sdk(Box<iii_sdk::Error>),
}

impl Error {
    /// The canonical code closest to this error.
    pub fn code(&self) -> Code {
        match self {
            Self::Status(status) => status.code,
            Self::Violation(violation) => violation.code(),
            Self::Remote { code, .. } => Code::of_frame(code),
            Self::Timeout { .. } => Code::DeadlineExceeded,
            Self::Truncated { .. } => Code::DataLoss,
            Self::Rejected { .. } => Code::FailedPrecondition,
            Self::Sdk(error) => match **error {
                iii_sdk::Error::NotConnected | iii_sdk::Error::WebSocket(_) => Code::Unavailable,
                iii_sdk::Error::RegistrationRejected { .. } => Code::FailedPrecondition,
                _ => Code::Unknown,
            },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => {
                write!(formatter, "{} [{}]", status.message, status.code.name())
            }
            Self::Violation(violation) => violation.fmt(formatter),
            Self::Remote {
                function_id,
                code,
                message,
                ..
            } => {
                write!(formatter, "{function_id} failed: {message} [{code}]")
            }
            Self::Timeout { function_id, sent } => {
                let outcome = if *sent { "unknown" } else { "not_sent" };
                write!(
                    formatter,
                    "{function_id} gave no answer in time; outcome {outcome}"
                )
            }
            Self::Truncated {
                function_id,
                expected,
                received,
            } => {
                let came = match expected {
                    Some(expected) => format!("{received} of {expected} items arrived"),
                    None => format!("{received} items arrived, and no end"),
                };
                write!(formatter, "{function_id} stream was cut short: {came}")
            }
            Self::Rejected {
                function_id,
                problem,
            } => write!(formatter, "{function_id} was not registered: {problem}"),
            Self::Sdk(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for Error {}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<iii_sdk::Error> for Error {
    fn from(error: iii_sdk::Error) -> Self {
        Self::Sdk(Box::new(error))
    }
}
