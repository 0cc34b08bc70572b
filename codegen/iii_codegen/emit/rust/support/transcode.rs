//! google.api.http: the parts of an HTTP request to a request as JSON, and a response to a body.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde::Deserialize;
use serde_json::{json, Map, Value};

use super::check::field_of as field_by_spelling;
use super::codec::descriptor;
use super::defaults::default_of;
use super::error::{Side, Violation};
use super::method::Method;
use super::percent::{decoded, decoded_path};

const ONLY_SCALARS: &str = "only scalar fields fit into a URL; send a body";

/// One rule, with its path template parsed.
#[derive(Deserialize)]
pub(super) struct Rule {
    body: String,
    response_body: String,
    segments: Vec<String>,
    variables: Vec<Variable>,
    verb: String,
}

/// A field and the segments it takes; `spans` says that it may hold several.
#[derive(Deserialize)]
struct Variable {
    field: String,
    start: usize,
    end: usize,
    spans: bool,
}

/// What the URL says of one field, or of the fields of one message.
enum Node {
    Leaf(Leaf),
    Branch(MessageDescriptor, Members),
}

type Members = Vec<(String, Node)>;

struct Leaf {
    repeated: bool,
    texts: Vec<String>,
    values: Vec<Value>,
}

impl Leaf {
    fn json(&self) -> Value {
        if self.repeated {
            return json!(self.values);
        }
        self.values.last().cloned().unwrap_or_default()
    }

    fn agrees(&self, present: &Value) -> bool {
        if self.repeated {
            return *present == self.json();
        }
        let (text, written) = (&self.texts[0], present.to_string());
        *present == self.values[0] || present.as_str() == Some(text) || written == *text
    }
}

/// One rule of one method.
pub(super) struct Transcoder {
    method: &'static Method,
    rule: Rule,
    request: MessageDescriptor,
    body_field: Option<FieldDescriptor>,
}

impl Transcoder {
    pub(super) fn new(method: &'static Method, rule: Rule) -> Self {
        let request = descriptor(method.request);
        let body_field = match rule.body.as_str() {
            "" | "*" => None,
            name => field_of(&request, name),
        };
        Self {
            method,
            rule,
            request,
            body_field,
        }
    }

    pub(super) fn method(&self) -> &'static Method {
        self.method
    }

    pub(super) fn reads_body(&self) -> bool {
        !self.rule.body.is_empty()
    }

    /// The value of each field in the path; none when the verb is another one.
    pub(super) fn bind(&self, path: &str, values: &[&str]) -> Option<Vec<(String, String)>> {
        let mut waiting = values.iter();
        let mut texts: Vec<&str> = Vec::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            texts.push(if part.starts_with(':') {
                waiting.next()?
            } else {
                part
            });
        }
        let last = self.rule.segments.last().map(String::as_str);
        if !self.rule.verb.is_empty() && matches!(last, Some("*" | "**")) {
            let text = texts.pop()?;
            texts.push(text.strip_suffix(&self.rule.verb)?.strip_suffix(':')?);
        }
        let segments = &self.rule.segments;
        let bound = self.rule.variables.iter().map(|variable| {
            let rest = segments[variable.start..variable.end]
                .iter()
                .any(|each| each == "**");
            let end = if rest {
                variable.end + texts.len() - segments.len()
            } else {
                variable.end
            };
            let taken = &texts[variable.start..end];
            let value = if variable.spans {
                decoded_path(taken)
            } else {
                decoded(taken[0])
            };
            (variable.field.clone(), value)
        });
        Some(bound.collect())
    }

    /// The request as JSON, to be checked as any other.
    pub(super) fn request(
        &self,
        path: Vec<(String, String)>,
        query: &Map<String, Value>,
        body: Option<Value>,
    ) -> Result<Value, Violation> {
        let mut tree = Members::new();
        for (name, value) in &path {
            self.add(&mut tree, name, value)?;
        }
        if self.rule.body != "*" {
            for (name, value) in query {
                self.add_query(&mut tree, name, value.as_str().unwrap_or_default(), &path)?;
            }
        }
        let mut document = self.document(body);
        self.merge(&mut document, &self.request, tree, "$")?;
        Ok(document)
    }

    /// The body of the answer: the response, or the one field that `response_body` names.
    pub(super) fn response(&self, mut data: Value) -> Value {
        if self.rule.response_body.is_empty() {
            return data;
        }
        let Some(field) = field_of(&descriptor(self.method.response), &self.rule.response_body)
        else {
            return data;
        };
        let members = data.as_object_mut();
        members
            .and_then(|members| {
                members
                    .remove(field.json_name())
                    .or_else(|| members.remove(field.name()))
            })
            .unwrap_or_else(|| default_of(&field, self.method.json))
    }

    fn document(&self, body: Option<Value>) -> Value {
        match (&self.body_field, body) {
            (Some(field), Some(body)) => json!({ field.json_name(): body }),
            (None, Some(body)) if self.rule.body == "*" => body,
            _ => json!({}),
        }
    }

    /// A field path in the contract's names, whatever spelling was used.
    fn canonical(&self, path: &str) -> String {
        let mut message = Some(self.request.clone());
        let mut names = Vec::new();
        for name in path.split('.') {
            let found = message.as_ref().and_then(|message| field_of(message, name));
            names.push(
                found
                    .as_ref()
                    .map_or_else(|| name.to_string(), |field| field.name().to_string()),
            );
            message = found.as_ref().and_then(held);
        }
        names.join(".")
    }

    fn add_query(
        &self,
        tree: &mut Members,
        name: &str,
        value: &str,
        path: &[(String, String)],
    ) -> Result<(), Violation> {
        let canonical = self.canonical(name);
        let bound = path
            .iter()
            .find(|(known, _)| self.canonical(known) == canonical);
        if let Some((_, known)) = bound {
            let problem = "the query and the path disagree";
            return if known == value {
                Ok(())
            } else {
                Err(self.violation(&format!("$.{name}"), problem))
            };
        }
        let first = canonical.split('.').next();
        if self
            .body_field
            .as_ref()
            .is_some_and(|field| Some(field.name()) == first)
        {
            let problem = "the body holds this field; take it out of the query";
            return Err(self.violation(&format!("$.{name}"), problem));
        }
        self.add(tree, name, value)
    }

    /// Puts one value into the tree. A name nobody knows stays whole, for the policy of the method to decide.
    fn add(&self, tree: &mut Members, path: &str, value: &str) -> Result<(), Violation> {
        let here = format!("$.{path}");
        let first = path.split('.').next().unwrap_or_default();
        let names: Vec<&str> = match field_of(&self.request, first) {
            Some(_) => path.split('.').collect(),
            None => vec![path],
        };
        let (last, above) = names.split_last().unwrap_or((&"", &[]));
        let mut message = self.request.clone();
        let mut members = tree;
        for name in above {
            let field =
                field_of(&message, name).ok_or_else(|| self.violation(&here, ONLY_SCALARS))?;
            message = held(&field).ok_or_else(|| self.violation(&here, ONLY_SCALARS))?;
            let fresh = || Node::Branch(message.clone(), Members::new());
            match entry(members, field.json_name(), fresh) {
                Node::Branch(_, below) => members = below,
                Node::Leaf(_) => return Err(self.violation(&here, "the field is given twice")),
            }
        }
        let Some(field) = field_of(&message, last) else {
            let leaf = Leaf {
                repeated: false,
                texts: vec![value.to_string()],
                values: vec![json!(value)],
            };
            members.push(((*last).to_string(), Node::Leaf(leaf)));
            return Ok(());
        };
        if field.is_map() || is_structured(&field) {
            return Err(self.violation(&here, ONLY_SCALARS));
        }
        let scalar = self.scalar(&field, value, &here)?;
        let repeated = field.is_list();
        let fresh = || {
            Node::Leaf(Leaf {
                repeated,
                texts: Vec::new(),
                values: Vec::new(),
            })
        };
        match entry(members, field.json_name(), fresh) {
            Node::Leaf(leaf) if leaf.repeated || leaf.texts.is_empty() => {
                leaf.texts.push(value.to_string());
                leaf.values.push(scalar);
                Ok(())
            }
            _ => Err(self.violation(&here, "the field is given twice")),
        }
    }

    /// Text from a URL as JSON. Numbers may stay text: they are read so.
    fn scalar(&self, field: &FieldDescriptor, value: &str, here: &str) -> Result<Value, Violation> {
        match (field.kind(), value) {
            (Kind::Bool, "true") => Ok(json!(true)),
            (Kind::Bool, "false") => Ok(json!(false)),
            (Kind::Bool, _) => Err(self.violation(here, "neither true nor false")),
            (Kind::Enum(_), text) => Ok(text
                .parse::<i64>()
                .map_or_else(|_| json!(text), |number| json!(number))),
            (_, text) => Ok(json!(text)),
        }
    }

    fn merge(
        &self,
        document: &mut Value,
        message: &MessageDescriptor,
        tree: Members,
        path: &str,
    ) -> Result<(), Violation> {
        if tree.is_empty() {
            return Ok(());
        }
        let Some(present) = document.as_object_mut() else {
            let what = if path == "$" {
                "the body is not a JSON object"
            } else {
                "expected an object"
            };
            return Err(self.violation(path, what));
        };
        for (name, node) in tree {
            let field = field_of(message, &name);
            let spelled = match &field {
                Some(field) if present.contains_key(field.json_name()) => {
                    field.json_name().to_string()
                }
                Some(field) if present.contains_key(field.name()) => field.name().to_string(),
                _ => name,
            };
            let here = format!("{path}.{spelled}");
            match node {
                Node::Branch(inner, below) => {
                    let held = present.entry(spelled).or_insert_with(|| json!({}));
                    self.merge(held, &inner, below, &here)?;
                }
                Node::Leaf(leaf) => match present.get(&spelled) {
                    None => drop(present.insert(spelled, leaf.json())),
                    Some(known) if leaf.agrees(known) => {}
                    Some(_) => return Err(self.violation(&here, "the body and the path disagree")),
                },
            }
        }
        Ok(())
    }

    fn violation(&self, path: &str, problem: &str) -> Violation {
        Violation {
            function_id: self.method.function_id.to_string(),
            side: Side::Request,
            path: path.to_string(),
            problem: problem.to_string(),
        }
    }
}

fn entry<'a>(members: &'a mut Members, name: &str, fresh: impl FnOnce() -> Node) -> &'a mut Node {
    let at = members
        .iter()
        .position(|(known, _)| known == name)
        .unwrap_or_else(|| {
            members.push((name.to_string(), fresh()));
            members.len() - 1
        });
    &mut members[at].1
}

/// By either spelling; here the contract's own names come first.
fn field_of(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    message
        .get_field_by_name(name)
        .or_else(|| field_by_spelling(message, name))
}

/// The message of a plain message field, unless it is one that JSON spells as a scalar.
fn held(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(inner)
            if !field.is_list() && !inner.full_name().starts_with("google.protobuf.") =>
        {
            Some(inner)
        }
        _ => None,
    }
}

fn is_structured(field: &FieldDescriptor) -> bool {
    match field.kind() {
        Kind::Message(inner) => {
            let name = inner.full_name();
            let structured = ["Struct", "Value", "ListValue", "Any", "Empty"];
            match name.strip_prefix("google.protobuf.") {
                Some(known) => structured.contains(&known),
                None => true,
            }
        }
        _ => false,
    }
}
