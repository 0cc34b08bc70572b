//! Percent-encoding of URLs.

/// The text that a piece of a URL stands for; what is no UTF-8 is replaced.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut found = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let pair = bytes
            .get(index + 1..index + 3)
            .filter(|_| bytes[index] == b'%');
        match pair.and_then(hex) {
            Some(byte) => {
                found.push(byte);
                index += 3;
            }
            None => {
                found.push(bytes[index]);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&found).into_owned()
}

/// Several segments as one value: decoded, but for slashes that do not separate segments.
pub(super) fn decoded_path(segments: &[&str]) -> String {
    let mut text = String::new();
    let joined = segments.join("/");
    let mut rest = joined.as_str();
    while let Some(at) = rest.to_ascii_lowercase().find("%2f") {
        text.push_str(&decoded(&rest[..at]));
        text.push_str(&rest[at..at + 3]);
        rest = &rest[at + 3..];
    }
    text.push_str(&decoded(rest));
    text
}

fn hex(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()
}
